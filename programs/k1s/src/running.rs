//! The k1s of a data directory: whether one runs, and how to stop it.

use crate::files;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A killed process is gone within some tens of milliseconds.
const ENDING: Duration = Duration::from_millis(300);

/// Held for as long as k1s runs on the directory; the kernel lets go of it however k1s ends.
pub struct Held {
    _lock: OwnedFd,
}

fn pid_file(data_dir: &Path) -> PathBuf {
    data_dir.join("k1s.pid")
}

/// None: another k1s holds the directory.
pub fn hold(data_dir: &Path) -> io::Result<Option<Held>> {
    files::make_dir(data_dir)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    let lock = open(data_dir.join("k1s.lock"), flags, Mode::RUSR | Mode::WUSR)?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    files::write(&pid_file(data_dir), std::process::id().to_string().as_bytes())?;
    Ok(Some(Held { _lock: lock }))
}

/// The process that holds the directory.
pub fn find(data_dir: &Path) -> io::Result<Option<Pid>> {
    let lock = match open(data_dir.join("k1s.lock"), OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()) {
        Ok(lock) => lock,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
        return Ok(None); // nobody held it, and this try lets go of it again
    }
    let text = files::read(&pid_file(data_dir))?.unwrap_or_default();
    Ok(text.trim().parse().ok().and_then(Pid::from_raw))
}

/// Asks a process to end and waits until it has; false when it has not in this time.
pub fn stop(pid: Pid, patience: Duration) -> io::Result<bool> {
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(rustix::io::Errno::SRCH) => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    pidfd_send_signal(&process, Signal::TERM)?;
    has_ended(&process, patience)
}

/// One that was killed holds its directory until its memory and threads are gone: whether this one is about to end.
pub fn is_ending(pid: Pid) -> io::Result<bool> {
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => has_ended(&process, ENDING),
        Err(rustix::io::Errno::SRCH) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn has_ended(process: &OwnedFd, patience: Duration) -> io::Result<bool> {
    let within = Timespec::try_from(patience).map_err(io::Error::other)?;
    Ok(poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&within))? > 0)
}
