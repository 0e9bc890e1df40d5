//! New processes. Only the supervisor calls this: it has one thread, so a child may go on with ordinary code.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::process::Pid;

/// The kernel's value: it does not fit the type that libc gives it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

pub enum Fork {
    Child,
    Parent(Pid),
}

#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Forks into new namespaces (`CLONE_NEW*` flags) and, if given, straight into a v2 cgroup.
pub fn fork(flags: u64, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Fork> {
    let mut args = CloneArgs { flags, exit_signal: libc::SIGCHLD as u64, ..CloneArgs::default() };
    if let Some(directory) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = directory.as_raw_fd() as u64;
    }
    // SAFETY: without CLONE_VM this is fork(2): the child gets a copy of memory and of the calling thread's stack. The
    // caller has a single thread, so no lock can be held by a thread that the child lacks.
    let answer = unsafe { libc::syscall(libc::SYS_clone3, &args, size_of::<CloneArgs>()) };
    match answer {
        0 => Ok(Fork::Child),
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(Fork::Parent(Pid::from_raw(pid as i32).expect("the kernel returns the number of a child"))),
    }
}
