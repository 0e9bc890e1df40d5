//! What `/proc` tells of a process, and signals that cannot hit a stranger.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::launch::Started;

/// The field of `/proc/PID/stat` that holds the start time, counted after the parenthesised name.
const START_TIME_FIELD: usize = 19;

pub fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// Nanoseconds since the epoch.
pub fn wall_clock() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

pub fn start_ticks(pid: i32) -> io::Result<u64> {
    parse_start_ticks(&std::fs::read_to_string(format!("/proc/{pid}/stat"))?)
        .ok_or_else(|| io::Error::other("the process table has an unknown form"))
}

/// The name may hold blanks and parentheses: fields are counted from its last parenthesis.
fn parse_start_ticks(stat: &str) -> Option<u64> {
    stat.rsplit_once(") ")?.1.split(' ').nth(START_TIME_FIELD)?.parse().ok()
}

/// A handle on that very process, or `None` when it has ended and its number belongs to nobody or to another.
pub fn open(started: &Started) -> io::Result<Option<OwnedFd>> {
    if started.boot_id != boot_id()? {
        return Ok(None);
    }
    let Some(pid) = Pid::from_raw(started.pid) else { return Ok(None) };
    let handle = match pidfd_open(pid, PidfdFlags::NONBLOCK) {
        Ok(handle) => handle,
        Err(rustix::io::Errno::SRCH) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // The handle is held: from here on the number cannot be given to another.
    match start_ticks(started.pid) {
        Ok(ticks) if ticks == started.start_ticks => Ok(Some(handle)),
        _ => Ok(None),
    }
}

/// False when the process has already ended.
pub fn signal(started: &Started, number: i32) -> io::Result<bool> {
    let Some(handle) = open(started)? else { return Ok(false) };
    let Some(signal) = Signal::from_named_raw(number) else { return signal_realtime(&handle, number) };
    match pidfd_send_signal(&handle, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Real-time signals have no names in rustix.
fn signal_realtime(handle: &OwnedFd, number: i32) -> io::Result<bool> {
    use std::os::fd::AsRawFd;
    // SAFETY: a null siginfo is allowed, the descriptor is open, and the kernel checks the number.
    let answer = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, handle.as_raw_fd(), number, std::ptr::null::<libc::siginfo_t>(), 0)
    };
    if answer == 0 { Ok(true) } else { Err(io::Error::last_os_error()) }
}

/// The largest number of files that this process may promise its children.
pub fn file_limit() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.maximum.unwrap_or(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stat: &str, expect: Option<u64>) {
        assert_eq!(parse_start_ticks(stat), expect, "{stat}");
    }

    #[test]
    fn start_times_are_found_behind_any_name() {
        let tail = "S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 20";
        check(&format!("7 (sh) {tail}"), Some(12345));
        check(&format!("7 (a) b (c) {tail}"), Some(12345));
        check("7 (sh) S", None);
        check("", None);
    }

    #[test]
    fn a_process_is_itself_and_no_other() {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        let mut started = Started {
            pid,
            start_ticks: start_ticks(pid).expect("own entry"),
            boot_id: boot_id().expect("a boot id"),
            started_at: 0,
        };
        assert!(open(&started).expect("asking").is_some());
        started.start_ticks += 1;
        assert!(open(&started).expect("asking").is_none());
        started.start_ticks -= 1;
        started.boot_id = "another boot".into();
        assert!(open(&started).expect("asking").is_none());
    }
}
