//! What a test says about the containers of an image.

use std::sync::Arc;
use std::time::Duration;

/// How the life of a container goes once started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Runs until stopped.
    Forever,
    Exits {
        after: Duration,
        code: i32,
    },
    /// Killed by the kernel for memory.
    OutOfMemory {
        after: Duration,
    },
    /// The process cannot be started at all: start_container fails and the container ends with code 128.
    CannotStart,
}

/// The answer to one exec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecReply {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub code: i32,
    pub takes: Duration,
}

pub type ExecScript = Arc<dyn Fn(&[String]) -> ExecReply + Send + Sync>;

/// Everything scriptable about one image.
#[derive(Clone)]
pub struct ImageScript {
    pub size: u64,
    /// The user the image names: an uid or a name.
    pub uid: Option<i64>,
    pub username: String,
    pub pull_takes: Duration,
    /// Pulls fail with this text.
    pub pull_error: Option<String>,
    pub life: Life,
    /// Lines written to stdout at start.
    pub output: Vec<String>,
    /// How long the process takes to end after the stop signal; longer than the grace means it is killed.
    pub stop_takes: Duration,
    /// Answers execs; without it a few busybox commands are understood.
    pub exec: Option<ExecScript>,
}

impl Default for ImageScript {
    fn default() -> Self {
        ImageScript {
            size: 1 << 20,
            uid: None,
            username: String::new(),
            pull_takes: Duration::ZERO,
            pull_error: None,
            life: Life::Forever,
            output: Vec::new(),
            stop_takes: Duration::ZERO,
            exec: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Nanoseconds since the epoch.
    pub at: i64,
    pub stream: &'static str,
    pub text: String,
}

impl LogLine {
    /// As it stands in a CRI log file.
    pub fn to_cri(&self) -> String {
        let at = jiff_time(self.at);
        format!("{at} {} F {}\n", self.stream, self.text)
    }
}

fn jiff_time(nanos: i64) -> String {
    let time = jiff::Timestamp::from_nanosecond(nanos.into()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{time:.9}")
}
