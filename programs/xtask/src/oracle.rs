//! The oracle: `record` asks the real kube-apiserver of `$KUBECONFIG` anew, `compare [--update]` asks k1s the same and
//! holds the levels (or raises them), `show [LEVEL|SUITE]` tells what differs, the most frequent first, `list FILE`
//! writes every difference as a line.
//! The requests, their answers and the comparison are the test `oracle` of the API server.

use crate::Failure;
use crate::upstream::Upstream;
use std::process::Command;

const USAGE: &str = "usage: cargo xtask oracle record [SUITE] | compare [--update] | show [LEVEL|SUITE] | list FILE";

pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["record"] => record(""),
        ["record", suite] => record(suite),
        ["compare"] => test(&["k1s_answers_as_upstream"], &[]),
        ["compare", "--update"] => test(&["k1s_answers_as_upstream"], &[("ORACLE_UPDATE", "1")]),
        ["show"] => test(&["k1s_answers_as_upstream"], &[("ORACLE_SHOW", "")]),
        ["show", wanted] => test(&["k1s_answers_as_upstream"], &[("ORACLE_SHOW", wanted)]),
        ["list", file] => test(&["k1s_answers_as_upstream"], &[("ORACLE_LIST", file)]),
        _ => Err(Failure::Unexpected(USAGE.into())),
    }
}

fn record(suite: &str) -> Result<(), Failure> {
    let upstream = Upstream::connect()?;
    test(&["record", "--ignored"], &[("ORACLE_UPSTREAM", upstream.address()), ("ORACLE_ONLY", suite)])
}

fn test(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failure> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "-p", "apiserver", "--test", "oracle", "--", "--nocapture"]).args(arguments);
    let ended = cargo.envs(environment.iter().copied()).status().map_err(Failure::io("cargo test"))?;
    match ended.success() {
        true => Ok(()),
        false => Err(Failure::Unexpected("the answers differ more than before".into())),
    }
}
