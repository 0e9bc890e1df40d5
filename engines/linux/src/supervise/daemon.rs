//! How the supervisor comes to life: sealed, alone, away from its parent; and its loop.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat};
use rustix::mount::{MountAttrFlags, OpenTreeFlags, open_tree};

use super::state::State;
use super::{CONTAINERS_DIR, LOCK, SOCKET};
use crate::{channel, clone};

/// Tells the second start from the first.
const SEALED: &str = "sealed";

/// The kernel should take any container before the one that watches over all of them.
const SUPERVISOR_OOM_SCORE: i32 = -999;

/// Becomes the supervisor of that directory; returns at once in the process that was started, later in none.
pub fn serve(root: &Path) -> io::Result<()> {
    if std::env::args_os().nth(2).is_none_or(|argument| argument != SEALED) {
        return Err(restart_sealed(root));
    }
    let directory = openat(CWD, root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let lock = openat(&directory, LOCK, OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC, Mode::from_raw_mode(0o600))?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(()); // another one serves
    }
    let (ready, told) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    match clone::fork(0, None)? {
        clone::Fork::Parent(_) => {
            drop(told);
            wait_until_ready(&ready)
        }
        clone::Fork::Child => {
            drop(ready);
            run(root, &directory, &told)
        }
    }
}

fn wait_until_ready(ready: &OwnedFd) -> io::Result<()> {
    match rustix::io::read(ready, &mut [0])? {
        0 => Err(io::Error::other("the supervisor did not come up")),
        _ => Ok(()),
    }
}

/// A process that enters a container shows its own image there as `/proc/PID/exe`. Started from a detached read-only
/// mount, that image cannot be opened for writing from inside, whatever the file's mode.
fn restart_sealed(root: &Path) -> io::Error {
    match seal() {
        Ok(image) => execute(&image, root),
        Err(error) => error,
    }
}

fn seal() -> io::Result<OwnedFd> {
    let image = open_tree(CWD, "/proc/self/exe", OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC)?;
    let attributes = crate::mount::Attributes::set(MountAttrFlags::MOUNT_ATTR_RDONLY);
    crate::mount::set_attributes(&image, &attributes, false)?;
    Ok(image)
}

fn execute(image: &OwnedFd, root: &Path) -> io::Error {
    use std::os::unix::ffi::OsStrExt;
    let Ok(root) = std::ffi::CString::new(root.as_os_str().as_bytes()) else {
        return io::ErrorKind::InvalidInput.into();
    };
    let Ok(name) = std::ffi::CString::new(crate::init::NAME) else { return io::ErrorKind::InvalidInput.into() };
    let arguments = [name.as_ptr(), root.as_ptr(), c"sealed".as_ptr(), std::ptr::null()];
    let variables: [*const libc::c_char; 1] = [std::ptr::null()];
    // SAFETY: both lists end with a null pointer and their strings outlive the call, which returns only on failure.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            image.as_raw_fd(),
            c"".as_ptr(),
            arguments.as_ptr(),
            variables.as_ptr(),
            libc::AT_EMPTY_PATH,
        );
    }
    io::Error::last_os_error()
}

fn run(root: &Path, directory: &OwnedFd, told: &OwnedFd) -> io::Result<()> {
    use std::os::fd::AsFd;
    rustix::process::setsid()?;
    std::env::set_current_dir("/")?;
    let _ = rustix::thread::set_name(c"k1s-init"); // a name is for people only
    raise_file_limit()?;
    crate::process::adjust_oom_score(SUPERVISOR_OOM_SCORE)?;
    std::fs::create_dir_all(root.join(CONTAINERS_DIR))?;
    match rustix::fs::unlinkat(directory, SOCKET, rustix::fs::AtFlags::empty()) {
        Err(error) if error != rustix::io::Errno::NOENT => return Err(error.into()),
        _ => {}
    }
    let signals = child_signals()?;
    let listener = channel::listen(directory.as_fd(), SOCKET)?;
    rustix::fs::chmodat(directory, SOCKET, Mode::from_raw_mode(0o600), rustix::fs::AtFlags::empty())?;
    let removals = watch_removals(root)?;
    let mut state = State::new(directory.try_clone()?, root.join(CONTAINERS_DIR), listener, signals, removals)?;
    state.adopt_survivors()?;
    rustix::io::write(told, b"!")?;
    while state.step()? {}
    Ok(())
}

/// Whoever removes the directory under a running supervisor removes its socket: nobody could ask it anything any more.
fn watch_removals(root: &Path) -> io::Result<OwnedFd> {
    use rustix::fs::inotify;
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
    inotify::add_watch(&watch, root.join(SOCKET), inotify::WatchFlags::DELETE_SELF | inotify::WatchFlags::ATTRIB)?;
    Ok(watch)
}

/// Four descriptors a container: as many as this machine grants.
fn raise_file_limit() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Ends of children come as a readable descriptor; requests to end are k1s's to make, not a terminal's.
fn child_signals() -> io::Result<OwnedFd> {
    use std::os::fd::FromRawFd;
    // SAFETY: the set is initialised before use; the new descriptor has no other owner.
    unsafe {
        for number in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGPIPE] {
            libc::signal(number, libc::SIG_IGN);
        }
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        if libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        match libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(io::Error::last_os_error()),
            descriptor => Ok(OwnedFd::from_raw_fd(descriptor)),
        }
    }
}
