//! A few busybox commands, understood well enough that one conformance suite drives the fake and a real runtime.

use std::time::Duration;

use super::script::{ExecReply, Life};

pub(super) struct Spoken {
    pub lines: Vec<String>,
    pub life: Life,
}

const AT_ONCE: Duration = Duration::ZERO;

/// The life of a container with that command; an unknown command runs until stopped.
pub(super) fn run(command: &[String]) -> Spoken {
    let (name, arguments) = split(command);
    let (lines, life) = match name {
        "echo" => (vec![arguments.join(" ")], Life::Exits { after: AT_ONCE, code: 0 }),
        "true" => (vec![], Life::Exits { after: AT_ONCE, code: 0 }),
        "false" => (vec![], Life::Exits { after: AT_ONCE, code: 1 }),
        "sleep" => (vec![], Life::Exits { after: seconds(arguments), code: 0 }),
        "no-such-program" => (vec![], Life::CannotStart),
        _ => (vec![], Life::Forever),
    };
    Spoken { lines, life }
}

/// The outcome of an exec; an unknown command succeeds silently.
pub(super) fn exec(command: &[String]) -> ExecReply {
    let (name, arguments) = split(command);
    match name {
        "echo" => ExecReply { stdout: format!("{}\n", arguments.join(" ")).into_bytes(), ..ExecReply::default() },
        "false" => ExecReply { code: 1, ..ExecReply::default() },
        "sleep" => ExecReply { takes: seconds(arguments), ..ExecReply::default() },
        _ => ExecReply::default(),
    }
}

pub(super) fn copies_its_input(command: &[String]) -> bool {
    split(command) == ("cat", &[])
}

fn split(command: &[String]) -> (&str, &[String]) {
    match command.split_first() {
        Some((name, arguments)) => (name.rsplit('/').next().unwrap_or(name), arguments),
        None => ("", &[]),
    }
}

fn seconds(arguments: &[String]) -> Duration {
    let number = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX)
}
