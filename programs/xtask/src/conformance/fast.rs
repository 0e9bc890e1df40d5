//! The fast subset: specs of every group on a node that is started for them, all of which have to pass.

use super::options::Options;
use super::outcome::Verdict;
use super::suite::{self, Spec, Suite};
use super::{MODULE, images, trial::Trial};
use crate::failure::{self, Failure};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

pub fn run() -> Result<(), Failure> {
    if let Some(missing) = missing() {
        eprintln!("{missing}: the specs of upstream's suite are left out");
        return Ok(());
    }
    let kubectl = suite::build("kubectl", &["build"], "k8s.io/kubernetes/cmd/kubectl")?;
    let trial = Trial::prepare()?;
    images::make(&trial.images())?;
    trial.up()?;
    let suite = Suite::build(&trial.kubeconfig())?.with_kubectl(kubectl);
    let specs = chosen(suite.specs()?, &failure::read(&Path::new(MODULE).join("fast.txt"))?)?;
    let options = Options::on(&trial.kubeconfig());
    let mut failed = Vec::new();
    super::run::all(&suite, specs, &options, |spec, outcome| {
        if outcome.verdict != Verdict::Passed {
            failed.push(format!("{}: {}", spec.name, outcome.reason));
        }
        Ok(())
    })?;
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Failure::Unexpected(format!("{} specs failed:\n{}", failed.len(), failed.join("\n")))),
    }
}

/// What this machine lacks to run containers and to build the suite.
fn missing() -> Option<&'static str> {
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let go = Command::new("go").arg("version").output().is_ok_and(|output| output.status.success());
    match (root, go) {
        (false, _) => Some("not root"),
        (_, false) => Some("no Go"),
        _ => None,
    }
}

/// The specs that the list names; one that the suite does not know is a mistake in the list.
fn chosen(specs: Vec<Spec>, list: &str) -> Result<Vec<Spec>, Failure> {
    let mut wanted: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let specs = specs.into_iter().filter(|spec| wanted.remove(spec.name.as_str())).collect();
    match wanted.first() {
        None => Ok(specs),
        Some(unknown) => Err(Failure::Unexpected(format!("the suite has no spec {unknown}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str, expect: Result<&[&str], &str>) {
        let specs = ["a", "b", "c"].map(|name| Spec { name: name.into(), serial: false });
        let names = chosen(specs.into(), list).map(|specs| specs.into_iter().map(|spec| spec.name).collect::<Vec<_>>());
        let expect = expect.map(|names| names.iter().map(|name| name.to_string()).collect());
        assert_eq!(names.map_err(|failure| failure.to_string()), expect.map_err(str::to_string), "{list}");
    }

    #[test]
    fn the_list_chooses() {
        check("# all but one\na\nc\n", Ok(&["a", "c"]));
        check("", Ok(&[]));
        check("a\nd\n", Err("the suite has no spec d"));
    }
}
