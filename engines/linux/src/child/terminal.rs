//! Standard streams: plain descriptors, or a terminal of the container's own.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{CWD, Gid, Mode, OFlags, Uid, fchown, openat};
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};

use super::program::place;
use super::{At, Outcome};
use crate::launch::Process;

/// The group that owns terminals everywhere.
const GROUP_TTY: u32 = 5;

/// Missing ones are `/dev/null`. The user may reopen them by name, so they become his.
pub fn take_streams(process: &Process, streams: super::Streams) -> Outcome<()> {
    let null = openat(CWD, "/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).at("/dev/null")?;
    let given = [streams.stdin, streams.stdout, streams.stderr];
    for (number, stream) in given.iter().enumerate() {
        if let Some(stream) = stream {
            // Not every descriptor has an owner to change; the open one works all the same.
            let _ = fchown(stream, Some(Uid::from_raw(process.uid)), Some(Gid::from_raw(process.gid)));
        }
        place(stream.as_ref().unwrap_or(&null), number as i32).at("standard streams")?;
    }
    Ok(())
}

/// A new terminal out of the container's own instance: the master, and the side that the program gets.
pub fn open(process: &Process) -> Outcome<(OwnedFd, OwnedFd)> {
    let master = openat(CWD, "/dev/pts/ptmx", OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
        .at("/dev/pts/ptmx")?;
    unlockpt(&master).at("terminal")?;
    let terminal = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY).at("terminal")?;
    fchown(&terminal, Some(Uid::from_raw(process.uid)), Some(Gid::from_raw(GROUP_TTY))).at("terminal")?;
    Ok((master, terminal))
}

/// The terminal is the container's console too.
pub fn bind_console(terminal: &OwnedFd) -> Outcome<()> {
    let name = rustix::termios::ttyname(terminal, Vec::new()).at("terminal")?;
    let console =
        openat(CWD, "/dev/console", OFlags::CREATE | OFlags::CLOEXEC, Mode::from_raw_mode(0o600)).at("/dev/console")?;
    let tree = open_tree(CWD, name.as_c_str(), OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC)
        .at("/dev/console")?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(tree.as_fd(), "", console.as_fd(), "", flags).at("/dev/console")
}

pub fn take_terminal(terminal: OwnedFd) -> Outcome<()> {
    rustix::process::ioctl_tiocsctty(&terminal).at("controlling terminal")?;
    for number in 0..3 {
        place(&terminal, number).at("standard streams")?;
    }
    drop(terminal);
    Ok(())
}
