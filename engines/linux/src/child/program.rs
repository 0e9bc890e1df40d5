//! The last steps before a program, and the program itself.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use super::{At, Fault, Outcome};
use crate::launch::Process;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the supervisor ignores and blocks is not for the program: an ignored signal stays ignored through an exec, and a
/// shell could not even trap the request to end.
pub fn reset_signals() -> io::Result<()> {
    const LAST: i32 = 64;
    // SAFETY: an empty set and default dispositions are valid arguments; the process has one thread.
    unsafe {
        for number in 1..=LAST {
            // Refused for the two that cannot be changed and those of the C library.
            libc::signal(number, libc::SIG_DFL);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        if libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

pub fn enter_directory(process: &Process) -> Outcome<()> {
    let directory = if process.cwd.as_os_str().is_empty() { Path::new("/") } else { &process.cwd };
    std::env::set_current_dir(directory).at(format_args!("working directory {}", directory.display()))
}

/// Blocks until the supervisor has the start on disk (or is gone, and the status line with it).
pub fn wait_for_go(go: &OwnedFd) {
    let mut byte = [0];
    let _ = rustix::io::read(go, &mut byte); // closed without a byte: the same signal
}

/// Runs the program; returns only what prevented it.
pub fn replace(process: &Process) -> Fault {
    let Some(name) = process.args.first() else {
        return Fault { step: String::new(), source: io::Error::other("no command specified") };
    };
    let (Ok(arguments), Ok(variables)) = (strings(&process.args), strings(&process.env)) else {
        return Fault { step: format!("exec: {name:?}"), source: io::Error::other("invalid argument: NUL byte") };
    };
    let errors = candidates(name, &process.env).into_iter().map(|path| execute(&path, &arguments, &variables));
    Fault { step: format!("exec: {name:?}"), source: explain(name, errors) }
}

fn strings(texts: &[String]) -> Result<Vec<CString>, std::ffi::NulError> {
    texts.iter().map(|text| CString::new(text.as_str())).collect()
}

fn candidates(name: &str, environment: &[String]) -> Vec<CString> {
    let path = environment.iter().rev().find_map(|line| line.strip_prefix("PATH=")).unwrap_or(DEFAULT_PATH);
    let places: Vec<String> = match name.contains('/') {
        true => vec![name.to_owned()],
        false => path.split(':').filter(|dir| !dir.is_empty()).map(|dir| format!("{dir}/{name}")).collect(),
    };
    places.into_iter().filter_map(|place| CString::new(place).ok()).collect()
}

/// The kernel copies the strings; on success this never returns.
fn execute(path: &CStr, arguments: &[CString], variables: &[CString]) -> io::Error {
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (arguments, variables) = (pointers(arguments), pointers(variables));
    // SAFETY: both lists end with a null pointer and point to strings that outlive the call. Every descriptor beyond
    // the standard three is marked first, so none leaks into the program.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        libc::execve(path.as_ptr(), arguments.as_ptr(), variables.as_ptr());
    }
    io::Error::last_os_error()
}

/// The words that upstream's runtimes use; people search for them.
fn explain(name: &str, errors: impl Iterator<Item = io::Error>) -> io::Error {
    let mut found: Option<io::Error> = None;
    for error in errors {
        if error.kind() != io::ErrorKind::NotFound {
            found.get_or_insert(error);
        }
    }
    match found {
        Some(error) if error.kind() == io::ErrorKind::PermissionDenied => io::Error::other("permission denied"),
        Some(error) => error,
        None if name.contains('/') => io::Error::other(format!("stat {name}: no such file or directory")),
        None => io::Error::other("executable file not found in $PATH"),
    }
}

/// Ends this process without running anything that its parent had set up for its own end.
pub fn leave(code: i32) -> ! {
    // SAFETY: `_exit` takes any code and does not return.
    unsafe { libc::_exit(code) }
}

/// Keeps descriptor `to` as a copy of `from`, across exec.
pub fn place(from: &OwnedFd, to: i32) -> io::Result<()> {
    // SAFETY: both numbers are descriptors; the standard three belong to no Rust owner that closes them.
    let answer = unsafe { libc::dup2(from.as_raw_fd(), to) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
