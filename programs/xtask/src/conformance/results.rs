//! What is known of every spec: one line each, sorted by name, so that a change shows in review.

use super::outcome::{Outcome, Verdict};
use super::suite::Spec;
use crate::failure::{self, Failure};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Clone, Default)]
pub struct Results(BTreeMap<String, Outcome>);

impl Results {
    pub fn read(path: &Path) -> Result<Results, Failure> {
        if !path.exists() {
            return Ok(Results::default());
        }
        failure::read(path)?.lines().map(parse).collect::<Result<_, _>>().map(Results)
    }

    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let line = |(name, outcome): (&String, &Outcome)| {
            format!("{name}\t{}\t{:.1}\t{}\n", outcome.verdict.word(), outcome.seconds, outcome.reason)
        };
        failure::write(path, &self.0.iter().map(line).collect::<String>())
    }

    /// Makes the names those of the suite; a spec seen for the first time was not run.
    pub fn keep_only(&mut self, specs: &[Spec]) {
        let known = |spec: &Spec| self.0.get(&spec.name).cloned().unwrap_or_else(Outcome::not_run);
        self.0 = specs.iter().map(|spec| (spec.name.clone(), known(spec))).collect();
    }

    pub fn set(&mut self, name: String, outcome: Outcome) {
        self.0.insert(name, outcome);
    }

    pub fn get(&self, name: &str) -> Option<&Outcome> {
        self.0.get(name)
    }

    /// How many there are of each verdict.
    pub fn counts(&self) -> [usize; 3] {
        Verdict::ALL.map(|verdict| self.0.values().filter(|outcome| outcome.verdict == verdict).count())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &Outcome)> {
        self.0.iter()
    }
}

fn parse(line: &str) -> Result<(String, Outcome), Failure> {
    let broken = || Failure::Unexpected(format!("no line of results: {line}"));
    let mut fields = line.splitn(4, '\t');
    let mut next = || fields.next().ok_or_else(broken);
    let (name, word, seconds, reason) = (next()?, next()?, next()?, next()?);
    let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.word() == word).ok_or_else(broken)?;
    let seconds = seconds.parse().map_err(|_| broken())?;
    Ok((name.into(), Outcome { verdict, seconds, reason: reason.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, verdict: Option<Verdict>) {
        assert_eq!(parse(line).ok().map(|(_, outcome)| outcome.verdict), verdict, "{line}");
    }

    #[test]
    fn lines_are_read() {
        check("[sig-apps] a\tpassed\t1.5\t", Some(Verdict::Passed));
        check("[sig-apps] a\tnot run\t0.0\tneeds two nodes", Some(Verdict::NotRun));
        check("[sig-apps] a\tfailed\t0.0\ta\tb", Some(Verdict::Failed));
        check("[sig-apps] a\tlost\t0.0\t", None);
        check("[sig-apps] a\tpassed\tsoon\t", None);
        check("[sig-apps] a", None);
    }
}
