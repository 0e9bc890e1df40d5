//! The way of a new process from the fork to the program: everything between is here and in this order.
//!
//! Runs in the child of the single-threaded supervisor. A fault is told through the status socket; success is told by
//! its closing, for exec closes it.

mod filesystem;
mod identity;
mod mounts;
mod program;
mod terminal;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::thread::{ThreadNameSpaceType, UnshareFlags, move_into_link_name_space, move_into_thread_name_spaces};

use crate::channel;
use crate::launch::{Launch, Process};
use crate::seccomp::Instruction;

/// The step that failed and why.
#[derive(Debug)]
pub struct Fault {
    step: String,
    source: io::Error,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.step.is_empty() { self.source.fmt(out) } else { write!(out, "{}: {}", self.step, self.source) }
    }
}

type Outcome<T> = Result<T, Fault>;

trait At<T> {
    fn at(self, step: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, step: impl fmt::Display) -> Outcome<T> {
        self.map_err(|source| Fault { step: step.to_string(), source: source.into() })
    }
}

/// What a child has instead of a terminal.
#[derive(Default)]
pub struct Streams {
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
}

/// What a child gets from the supervisor besides its order.
pub struct Lines<'a> {
    /// The child's end: a master descriptor, or the text of a fault.
    pub status: &'a OwnedFd,
    /// Closed by the supervisor once the start is on disk.
    pub go: &'a OwnedFd,
    /// Compiled beforehand: containers mostly share one.
    pub filter: Option<&'a [Instruction]>,
}

/// The namespaces that the child joins by descriptor.
pub type Joined<'a> = Vec<BorrowedFd<'a>>;

/// Becomes the first process of a container.
pub fn run_container(launch: &Launch, joined: &Joined<'_>, streams: Streams, lines: &Lines<'_>) -> ! {
    end(lines, container(launch, joined, streams, lines))
}

/// Becomes a further process of the container that `process` (a pidfd) belongs to.
pub fn run_exec(
    process: &Process,
    groups: &[PathBuf],
    container: BorrowedFd<'_>,
    tty: bool,
    streams: Streams,
    lines: &Lines<'_>,
) -> ! {
    end(lines, exec(process, groups, container, tty, streams, lines))
}

fn container(launch: &Launch, joined: &Joined<'_>, streams: Streams, lines: &Lines<'_>) -> Outcome<()> {
    begin(&launch.process, &launch.cgroup.legacy)?;
    unshare(UnshareFlags::NEWCGROUP).at("cgroup namespace")?;
    for namespace in joined {
        move_into_link_name_space(*namespace, None).at("joining the pod's namespaces")?;
    }
    filesystem::build(launch)?;
    connect(&launch.process, launch.stdio.tty, true, streams, lines)?;
    finish(&launch.process, lines)
}

fn exec(
    process: &Process,
    groups: &[PathBuf],
    container: BorrowedFd<'_>,
    tty: bool,
    streams: Streams,
    lines: &Lines<'_>,
) -> Outcome<()> {
    // Other processes of the container must not reach into this one while it still is the supervisor's image.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).at("dumpable")?;
    begin(process, groups)?;
    let all = ThreadNameSpaceType::MOUNT
        | ThreadNameSpaceType::NETWORK
        | ThreadNameSpaceType::INTER_PROCESS_COMMUNICATION
        | ThreadNameSpaceType::HOST_NAME_AND_NIS_DOMAIN_NAME
        | ThreadNameSpaceType::CONTROL_GROUP;
    move_into_thread_name_spaces(container, all).at("joining the container")?;
    connect(process, tty, false, streams, lines)?;
    finish(process, lines)
}

/// What must happen while the host's files are still in view.
fn begin(process: &Process, groups: &[PathBuf]) -> Outcome<()> {
    program::reset_signals().at("signals")?;
    rustix::process::setsid().at("session")?;
    for group in groups {
        // A task that moves itself alone takes no lock of the whole machine; through `cgroup.procs` each move waits
        // some milliseconds for it.
        std::fs::write(group.join("tasks"), "0").at(format_args!("joining {}", group.display()))?;
    }
    if let Some(adjustment) = process.oom_score_adj {
        crate::process::adjust_oom_score(adjustment).at("oom score")?;
    }
    Ok(())
}

fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: this process has one thread and shares no descriptors.
    unsafe { rustix::thread::unshare_unsafe(flags)? };
    Ok(())
}

fn connect(process: &Process, tty: bool, console: bool, streams: Streams, lines: &Lines<'_>) -> Outcome<()> {
    if !tty {
        return terminal::take_streams(process, streams);
    }
    let (master, terminal) = terminal::open(process)?;
    channel::send(lines.status.as_fd(), b"terminal", &[master.as_fd()]).at("handing the terminal out")?;
    if console {
        terminal::bind_console(&terminal)?;
    }
    terminal::take_terminal(terminal)
}

/// The rest is the same for every process: limits, identity, filter, program.
fn finish(process: &Process, lines: &Lines<'_>) -> Outcome<()> {
    program::enter_directory(process)?;
    program::wait_for_go(lines.go);
    identity::assume(process, lines.filter)?;
    Err(program::replace(process))
}

/// Only a fault comes here: a started program never returns.
fn end(lines: &Lines<'_>, outcome: Outcome<()>) -> ! {
    if let Err(fault) = outcome {
        // Without a supervisor there is nobody left to tell.
        let _ = channel::send(lines.status.as_fd(), fault.to_string().as_bytes(), &[]);
    }
    program::leave(1)
}
