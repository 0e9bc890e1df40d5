//! What was asked on the command line.

use super::outcome::{Outcome, Verdict};
use super::suite::Spec;
use crate::failure::Failure;
use regex::Regex;
use std::time::Duration;

const USAGE: &str = "[--focus RE] [--sig NAME] [--store disk|etcd] [--parallel N] [--seconds N] [--missing] [--open] \
                     [--kubeconfig FILE], or: images DIRECTORY, or: fast";
pub const STORES: [&str; 2] = ["disk", "etcd"];
/// The longest of upstream's own waits is longer, but what takes two minutes on one node is stuck.
const SECONDS: u64 = 120;

pub struct Options {
    pub focus: Option<Regex>,
    pub sig: Option<String>,
    pub store: String,
    pub parallel: usize,
    pub seconds: Duration,
    /// Only what has no outcome yet.
    pub missing: bool,
    /// Only what has not passed yet.
    pub open: bool,
    pub kubeconfig: String,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Options, Failure> {
        let mut options = Options::on(&std::env::var("KUBECONFIG").unwrap_or_default());
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            match name.as_str() {
                "--missing" => options.missing = true,
                "--open" => options.open = true,
                name => options.set(name, rest.next().ok_or_else(|| refused(name))?)?,
            }
        }
        match options.kubeconfig.is_empty() {
            true => Err(Failure::Unexpected("neither --kubeconfig nor $KUBECONFIG names a cluster".into())),
            false => Ok(options),
        }
    }

    /// Every spec, with the usual patience.
    pub fn on(kubeconfig: &str) -> Options {
        Options {
            focus: None,
            sig: None,
            store: "disk".into(),
            parallel: 2,
            seconds: Duration::from_secs(SECONDS),
            missing: false,
            open: false,
            kubeconfig: kubeconfig.into(),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let number = || value.parse::<u64>().map_err(|_| refused(&format!("{name} {value}")));
        match (name, value) {
            ("--focus", _) => self.focus = Some(Regex::new(value).map_err(|e| Failure::Unexpected(e.to_string()))?),
            ("--sig", _) => self.sig = Some(value.trim_start_matches("sig-").into()),
            ("--store", store) if STORES.contains(&store) => self.store = value.into(),
            ("--parallel", _) => self.parallel = number()?.max(1) as usize,
            ("--seconds", _) => self.seconds = Duration::from_secs(number()?),
            ("--kubeconfig", _) => self.kubeconfig = value.into(),
            _ => return Err(refused(&format!("{name} {value}"))),
        }
        Ok(())
    }

    pub fn wants(&self, spec: &Spec, last: Option<&Outcome>) -> bool {
        let missing = last.is_none_or(|outcome| outcome.verdict == Verdict::NotRun);
        let open = last.is_none_or(|outcome| outcome.verdict != Verdict::Passed);
        (missing || !self.missing)
            && (open || !self.open)
            && self.focus.as_ref().is_none_or(|focus| focus.is_match(&spec.name))
            && self.sig.as_deref().is_none_or(|sig| sig == spec.sig())
    }
}

fn refused(what: &str) -> Failure {
    Failure::Unexpected(format!("{what} is not understood; usage: cargo xtask conformance {USAGE}"))
}
