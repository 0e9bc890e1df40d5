//! What a container is to the kernel: the order that the supervisor carries out, and the records it leaves behind.
//!
//! An order stands in a file of the container's directory, so that it outlives whoever gave it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The files of one container's directory.
pub const LAUNCH_FILE: &str = "launch.json";
pub const STARTED_FILE: &str = "started.json";
pub const EXIT_FILE: &str = "exit.json";

/// A process that could not be started ends with this code.
pub const EXIT_CANNOT_START: i32 = 128;
/// The code of an end that nobody saw.
pub const EXIT_UNKNOWN: i32 = 255;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Launch {
    pub sandbox: String,
    pub namespaces: Namespaces,
    pub cgroup: Cgroup,
    pub rootfs: Rootfs,
    /// A directory that [`crate::mounts::make_blanks`] has made.
    pub blanks: PathBuf,
    pub mounts: Vec<Mount>,
    pub devices: Vec<Device>,
    /// Hidden from the container.
    pub masked_paths: Vec<PathBuf>,
    pub readonly_paths: Vec<PathBuf>,
    pub process: Process,
    pub stdio: Stdio,
}

/// Whose namespace a container joins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Share {
    #[default]
    Pod,
    Host,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PidShare {
    #[default]
    Own,
    Pod,
    Host,
    /// The PID namespace of another container, by its id.
    Of(String),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Namespaces {
    pub net: Share,
    pub ipc: Share,
    pub uts: Share,
    pub pid: PidShare,
}

/// Where the process is accounted. Directories exist before the launch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Cgroup {
    /// Its directory in the v2 tree.
    pub unified: Option<PathBuf>,
    /// Its directories in v1 trees.
    pub legacy: Vec<PathBuf>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rootfs {
    /// Layers lie in this directory under short names: all of them must fit one page of mount options.
    pub layers_dir: PathBuf,
    /// Uppermost first.
    pub layers: Vec<String>,
    pub upper: PathBuf,
    pub work: PathBuf,
    /// Where the merged tree is mounted; empty on the host's own view.
    pub target: PathBuf,
    pub readonly: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mount {
    pub target: PathBuf,
    pub source: Source,
    pub readonly: bool,
    /// Every mount below the source becomes read-only too.
    pub recursive_readonly: bool,
    pub nosuid: bool,
    pub noexec: bool,
    pub nodev: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Propagation {
    #[default]
    Private,
    HostToContainer,
    Bidirectional,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Source {
    Bind {
        path: PathBuf,
        propagation: Propagation,
    },
    /// A new filesystem of that kind with its options.
    New {
        kind: String,
        options: Vec<(String, Option<String>)>,
    },
    /// The container's own part of the cgroup trees.
    Cgroups,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub path: PathBuf,
    pub host_path: PathBuf,
    /// Any of `r`, `w`, `m`.
    pub permissions: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Process {
    pub args: Vec<String>,
    /// `NAME=value` lines.
    pub env: Vec<String>,
    pub cwd: PathBuf,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    /// Bit sets by capability number.
    pub capabilities: u64,
    pub ambient_capabilities: u64,
    pub no_new_privileges: bool,
    pub seccomp: Seccomp,
    pub oom_score_adj: Option<i32>,
    /// Soft and hard limit by the kernel's number of the resource.
    pub rlimits: Vec<(u32, u64, u64)>,
    pub apparmor_profile: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seccomp {
    #[default]
    Unconfined,
    RuntimeDefault,
    /// A profile in the JSON form that runtimes share.
    Profile(String),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stdio {
    pub tty: bool,
    pub stdin: bool,
    /// Stdin closes when the first attached client goes.
    pub stdin_once: bool,
    /// Lines go here in CRI form; absent: output is dropped.
    pub log_path: Option<PathBuf>,
}

/// A further process in a running container.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Exec {
    pub container: String,
    pub process: Process,
    pub tty: bool,
    /// The process is killed when the asking connection closes.
    pub bound_to_connection: bool,
}

/// Written before the program runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub pid: i32,
    /// Start of the process in clock ticks: with the boot id it tells a reused PID apart.
    pub start_ticks: u64,
    pub boot_id: String,
    /// Nanoseconds since the epoch.
    pub started_at: i64,
}

/// Written once, when the process has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    pub code: i32,
    pub reason: String,
    pub message: String,
    pub finished_at: i64,
}

impl Exit {
    pub fn of_code(code: i32, out_of_memory: bool, finished_at: i64) -> Exit {
        let reason = match code {
            _ if out_of_memory => "OOMKilled",
            0 => "Completed",
            _ => "Error",
        };
        Exit { code, reason: reason.to_owned(), message: String::new(), finished_at }
    }

    pub fn cannot_start(message: &str, finished_at: i64) -> Exit {
        Exit { code: EXIT_CANNOT_START, reason: "StartError".into(), message: message.to_owned(), finished_at }
    }

    pub fn unseen(finished_at: i64) -> Exit {
        Exit { code: EXIT_UNKNOWN, reason: "Unknown".into(), message: String::new(), finished_at }
    }
}

/// Reads one of the files above; `None` when it is not there (yet).
pub fn read_record<T: serde::de::DeserializeOwned>(path: &Path) -> std::io::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file into place whole: a crash leaves the old one or the new one.
pub fn write_record<T: Serialize>(path: &Path, record: &T) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, serde_json::to_vec(record)?)?;
    std::fs::rename(&draft, path)
}
