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

/// Without CAP_SYS_RESOURCE the score cannot go below where it was: then it stays there.
pub fn adjust_oom_score(adjustment: i32) -> io::Result<()> {
    const FILE: &str = "/proc/self/oom_score_adj";
    match std::fs::write(FILE, adjustment.to_string()) {
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => Ok(()),
        outcome => outcome,
    }
}

/// Blocks until a child of this process has ended; the signal must be blocked beforehand.
pub(crate) fn wait_for_child_signal() {
    // SAFETY: the set is initialised before use; a null pointer means that the number is not wanted back in detail.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        libc::sigwaitinfo(&set, std::ptr::null_mut());
    }
}

/// The largest number of files that this process may promise its children.
pub fn file_limit() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.maximum.unwrap_or(1 << 20)
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Everything written to the filesystem that holds this file is on disk when this returns.
pub fn sync_filesystem(file: &std::fs::File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}

/// A file without a name: it is gone when closed.
pub fn nameless_file(directory: &std::path::Path) -> io::Result<std::fs::File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    Ok(openat(CWD, directory, flags, Mode::from_raw_mode(0o600))?.into())
}

/// The program interpreter that an ELF file names: its second kind of program header.
pub fn loader(program: &std::path::Path) -> io::Result<Option<std::path::PathBuf>> {
    use std::os::unix::fs::FileExt;
    const HEADER: usize = 56;
    const INTERPRETER: u32 = 3;
    let file = std::fs::File::open(program)?;
    let number = |place: u64, length: usize| -> io::Result<u64> {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes[..length], place)?;
        Ok(u64::from_le_bytes(bytes))
    };
    let (start, count) = (number(32, 8)?, number(56, 2)?);
    for header in (0..count).map(|index| start + index * HEADER as u64) {
        if number(header, 4)? as u32 == INTERPRETER {
            let (place, length) = (number(header + 8, 8)?, number(header + 32, 8)?);
            let mut name = vec![0; length.saturating_sub(1).min(4096) as usize];
            file.read_exact_at(&mut name, place)?;
            use std::os::unix::ffi::OsStringExt;
            return Ok(Some(std::ffi::OsString::from_vec(name).into()));
        }
    }
    Ok(None)
}

/// Nobody but its owner looks into it, or through it at what lies below.
pub fn make_private_dir(path: &std::path::Path) -> io::Result<()> {
    Ok(rustix::fs::chmod(path, rustix::fs::Mode::from_raw_mode(0o700))?)
}

/// Gives a directory the owner and mode of another.
pub fn like(model: &std::path::Path, directory: &std::path::Path) -> io::Result<()> {
    use std::os::fd::AsFd;
    let here = std::path::Path::new(".");
    let mut attributes = crate::beneath::stat(crate::beneath::open_root(model)?.as_fd(), here)?.attributes();
    attributes.mode &= 0o7777;
    crate::beneath::set_attributes(crate::beneath::open_root(directory)?.as_fd(), here, &attributes)
}

/// Everybody writes, everybody removes his own: as `/dev/shm` is.
pub fn make_shared_dir(path: &std::path::Path) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    Ok(rustix::fs::chmod(path, rustix::fs::Mode::from_raw_mode(0o1777))?)
}

const SIGNALS: [(&str, i32); 31] = [
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("STKFLT", libc::SIGSTKFLT),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("PWR", libc::SIGPWR),
    ("SYS", libc::SIGSYS),
];

const REAL_TIME_FIRST: i32 = 34;
const REAL_TIME_LAST: i32 = 64;

/// `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`, `SIGRTMINPLUS3`.
pub fn signal_number(name: &str) -> Option<i32> {
    let bare = name.strip_prefix("SIG").unwrap_or(name);
    let alias = match bare {
        "CLD" => "CHLD",
        "IOT" => "ABRT",
        "POLL" => "IO",
        other => other,
    };
    let named = SIGNALS.iter().find(|(known, _)| *known == alias).map(|(_, number)| *number);
    let number = named.or_else(|| bare.parse().ok()).or_else(|| real_time(bare));
    number.filter(|number| (1..=REAL_TIME_LAST).contains(number))
}

fn real_time(name: &str) -> Option<i32> {
    let offset = |text: &str, words: [&str; 2]| match text {
        "" => Some(0),
        _ => words.iter().find_map(|word| text.strip_prefix(word)?.parse::<i32>().ok()),
    };
    if let Some(rest) = name.strip_prefix("RTMIN") {
        return offset(rest, ["+", "PLUS"]).map(|offset| REAL_TIME_FIRST + offset);
    }
    offset(name.strip_prefix("RTMAX")?, ["-", "MINUS"]).map(|offset| REAL_TIME_LAST - offset)
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

    fn check_signal(name: &str, expect: Option<i32>) {
        assert_eq!(signal_number(name), expect, "{name}");
    }

    #[test]
    fn signals_have_many_names() {
        check_signal("SIGTERM", Some(15));
        check_signal("KILL", Some(9));
        check_signal("3", Some(3));
        check_signal("SIGCLD", Some(17));
        check_signal("SIGRTMIN+3", Some(37));
        check_signal("SIGRTMINPLUS3", Some(37));
        check_signal("SIGRTMAX", Some(64));
        check_signal("SIGRTMAXMINUS14", Some(50));
        check_signal("", None);
        check_signal("0", None);
        check_signal("SIGNOTHING", None);
    }
}
