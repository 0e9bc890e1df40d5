//! `kubectl diff`: what applying files would change, shown by a program that compares folders.

use super::apply::difference;
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, FILES, Flag, Kind, SELECTOR};
use crate::last_applied::ANNOTATION;
use crate::print::yaml;
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::{Map, Value};
use std::path::{Path, PathBuf};

const FLAGS: &[Flag] = &[
    flags::switch("server-side"),
    flags::switch("force-conflicts"),
    Flag::of(Kind::Text, "field-manager", "kubectl-client-side-apply"),
    flags::switch("show-managed-fields"),
    flags::number("concurrency", "1"),
];
const EXTERNAL: &str = "KUBECTL_EXTERNAL_DIFF";

pub const COMMAND: Command =
    Command::new("diff", "Compare what is with what files say", "-f FILE").flags(&[FLAGS, FILES, SELECTOR]).run(run);

/// One is the code for a difference; whatever failed has one more than usual.
fn run(session: &Session<'_>) -> Result<(), Failure> {
    match compare(session) {
        Ok(0) => Ok(()),
        Ok(code) => Err(Failure::Exit(code)),
        Err(failure) => {
            let (text, code) = failure.report();
            Err(Failure::Code(code + 1, text))
        }
    }
}

fn compare(session: &Session<'_>) -> Result<u8, Failure> {
    let flags = &session.flags;
    if !session.arguments().is_empty() {
        return Err(session.usage(format!("Unexpected args: [{}]", session.arguments().join(" "))));
    }
    if flags.list("filename").is_empty() && flags.text("kustomize").is_empty() {
        return Err(Failure::text("must specify one of -f and -k"));
    }
    if flags.has("force-conflicts") && !flags.has("server-side") {
        return Err(Failure::text("--force-conflicts only works with --server-side"));
    }
    let (live, merged) = (Folder::make("LIVE")?, Folder::make("MERGED")?);
    for mut target in Query::of(session).all(session)? {
        let now = match session.door()?.call(Request::get(target.path())) {
            Ok(object) => Some(object),
            Err(failure) if failure.is_not_found() => None,
            Err(failure) => return Err(failure),
        };
        let then = applied(session, &mut target, now.as_ref())?;
        let name = file_name(&target);
        let (mut now, mut then) = (now, then);
        if target.resource.is("", "Secret") {
            hide(now.as_mut(), &mut then);
        }
        live.write(&name, now, flags.has("show-managed-fields"))?;
        merged.write(&name, Some(then), flags.has("show-managed-fields"))?;
    }
    session.console.flush();
    let (program, mut arguments) = program();
    arguments.extend([live.path.display().to_string(), merged.path.display().to_string()]);
    let outcome = std::process::Command::new(&program).args(arguments).status();
    let status = outcome.map_err(|why| Failure::text(format!("exec: {}: {why}", meta::quote(&program))))?;
    match status.code() {
        Some(code @ 0..=1) => Ok(code as u8),
        code => Err(Failure::text(format!("exit status {}", code.unwrap_or(-1)))),
    }
}

/// What the server says the object would be.
fn applied(session: &Session<'_>, target: &mut Target, now: Option<&Value>) -> Result<Value, Failure> {
    let flags = &session.flags;
    let request = if flags.has("server-side") {
        let manager = if flags.changed("field-manager") { flags.text("field-manager") } else { "kubectl" };
        Request::patch(target.path(), "application/apply-patch+yaml", target.object.to_json())
            .with("fieldManager", manager)
            .with("force", if flags.has("force-conflicts") { "true" } else { "" })
    } else if let Some(now) = now {
        let mut modified = std::mem::replace(&mut target.object, now.clone());
        modified.set_if_absent("metadata.annotations", Value::map());
        modified.at_mut("metadata.annotations").and_then(Value::as_map_mut).map(|all| all.remove(ANNOTATION));
        let (content_type, patch) = difference(target, &modified)?;
        if patch.is_empty() {
            return Ok(now.clone());
        }
        Request::patch(target.path(), content_type, patch.to_json()).with("fieldManager", flags.text("field-manager"))
    } else {
        Request::post(target.resource.collection(&target.namespace), &target.object)
            .with("fieldManager", flags.text("field-manager"))
    };
    session.door()?.call(request.with("dryRun", "All"))
}

/// `apps.v1.Deployment.default.web`
fn file_name(target: &Target) -> String {
    let resource = &target.resource;
    let group = if resource.group.is_empty() { String::new() } else { format!("{}.", resource.group) };
    format!("{group}{}.{}.{}.{}", resource.version, resource.kind, target.namespace, target.name)
}

/// A secret's values are not shown, only whether they differ.
fn hide(now: Option<&mut Value>, then: &mut Value) {
    let nothing = Map::default();
    let before = now.as_ref().and_then(|now| now.get("data").as_map()).cloned().unwrap_or(nothing);
    let after = then.get("data").as_map().cloned().unwrap_or_default();
    let masked = |own: &Map, other: &Map, mark: &str| -> Value {
        let hidden = own.iter().map(|(key, value)| {
            let differs = other.get(key).is_some_and(|other| other != value);
            (key.clone(), Value::from(if differs { format!("*** ({mark})") } else { "***".into() }))
        });
        Value::Map(Map::from_sorted(hidden.collect()))
    };
    if let Some(now) = now.filter(|now| !now.get("data").is_null()) {
        now.set("data", masked(&before, &after, "before"));
    }
    if !then.get("data").is_null() {
        then.set("data", masked(&after, &before, "after"));
    }
}

/// The program that compares, and what it is told; only plain words are taken from the environment.
fn program() -> (String, Vec<String>) {
    let given = std::env::var(EXTERNAL).unwrap_or_default();
    let mut words = given.split(' ').filter(|word| !word.is_empty()).map(str::to_string);
    let plain = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '='));
    match words.next() {
        Some(program) => (program, words.filter(plain).collect()),
        None => ("diff".into(), vec!["-u".into(), "-N".into()]),
    }
}

/// A folder for as long as it is needed.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn make(name: &str) -> Result<Folder, Failure> {
        let own = std::process::id();
        let mut number = u64::from(own);
        loop {
            let path = std::env::temp_dir().join(format!("{name}-{number}"));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Folder { path }),
                Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => number += 100_000,
                Err(why) => return Err(why.into()),
            }
        }
    }

    fn write(&self, name: &str, object: Option<Value>, managed: bool) -> Result<(), Failure> {
        let text = object.map_or_else(String::new, |mut object| {
            if !managed {
                object.remove("metadata.managedFields");
            }
            yaml::write(&object)
        });
        Ok(std::fs::write(Path::new(&self.path).join(name), text)?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(why) = std::fs::remove_dir_all(&self.path) {
            eprintln!("{} is left behind: {why}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn secrets_are_hidden() {
        let mut now = value!({"data": {"a": "1", "b": "2"}});
        let mut then = value!({"data": {"a": "1", "b": "3", "c": "4"}});
        hide(Some(&mut now), &mut then);
        assert_eq!(now, value!({"data": {"a": "***", "b": "*** (before)"}}));
        assert_eq!(then, value!({"data": {"a": "***", "b": "*** (after)", "c": "***"}}));
    }
}
