//! A command inside the container: its exit code is the answer.

use super::Outcome;
use crate::context::Context;
use cri::v1::ExecSyncRequest;
use std::time::Duration;

/// An event carries no more of the output.
const LONGEST_OUTPUT: usize = 10 << 10;

pub async fn probe(context: &Context, container_id: &str, cmd: Vec<String>, wait: Duration) -> Outcome {
    let timeout = i64::try_from(wait.as_secs().max(1)).unwrap_or(i64::MAX);
    let shown = cmd.join(" ");
    let request = ExecSyncRequest { container_id: container_id.into(), cmd, timeout };
    match context.runtime.exec_sync(request).await {
        Ok(answer) if answer.exit_code == 0 => Outcome::Success,
        Ok(answer) => {
            let mut output = [answer.stdout.as_slice(), answer.stderr.as_slice()].concat();
            output.truncate(LONGEST_OUTPUT);
            Outcome::Failure(String::from_utf8_lossy(&output).into_owned())
        }
        Err(cri::Error::DeadlineExceeded(_)) => {
            Outcome::Failure(format!("command timed out: \"{shown}\" timed out after {}s", wait.as_secs()))
        }
        Err(error) => Outcome::Unknown(error.to_string()),
    }
}
