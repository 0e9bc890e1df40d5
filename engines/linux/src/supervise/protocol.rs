//! What k1s and the supervisor say to each other. One connection carries one request; its answers follow on it.
//!
//! An older supervisor may serve a newer k1s after an upgrade: fields may be added, never changed.

use serde::{Deserialize, Serialize};

use crate::launch::{Exec, Exit};
use crate::namespaces::Kind;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Holds a pod's namespaces: descriptors in the order of the kinds. With `shared_pid`, also makes a PID namespace.
    Pin {
        sandbox: String,
        kinds: Vec<Kind>,
        shared_pid: bool,
    },
    Unpin {
        sandbox: String,
    },
    /// Starts the container by the order in its directory.
    Launch {
        container: String,
    },
    /// Descriptors: stdin, stdout, stderr as asked for; none with a terminal. Answers `Started`, later `Ended`.
    Exec {
        exec: Box<Exec>,
        stdin: bool,
        stdout: bool,
        stderr: bool,
    },
    /// Descriptors: where output goes from now on. Answers with the way in, if the container has one.
    Attach {
        container: String,
        stdout: bool,
        stderr: bool,
    },
    /// A client of stdin is gone.
    Detach {
        container: String,
    },
    ReopenLog {
        container: String,
    },
    List,
    /// Answers `Ended` for every container from now on.
    Watch,
    Quit,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    Done,
    Started { pid: i32 },
    Failed { message: String },
    Ended(Ended),
    Listing(Listing),
}

/// The end of a container, or of an exec (its container is then empty).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub container: String,
    pub exit: Exit,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub supervisor: i32,
    pub containers: Vec<RunningContainer>,
    pub sandboxes: Vec<PinnedSandbox>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningContainer {
    pub id: String,
    pub pid: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedSandbox {
    pub id: String,
    /// Descriptor numbers of the supervisor: `/proc/SUPERVISOR/fd/N` opens the namespace.
    pub namespaces: Vec<(Kind, i32)>,
}
