//! Detached mounts and where they go. A target is looked up beneath the new root, never through a link out of it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, mkdirat, mknodat, openat2, statat};
use rustix::mount::*;

use crate::launch::Propagation;
use crate::mount::{Attributes, set_attributes};

pub fn make_readonly(tree: BorrowedFd<'_>, recursive: bool) -> io::Result<()> {
    set_attributes(tree, &Attributes::set(MountAttrFlags::MOUNT_ATTR_RDONLY), recursive)
}

pub fn restrict(tree: BorrowedFd<'_>, attributes: MountAttrFlags) -> io::Result<()> {
    set_attributes(tree, &Attributes::set(attributes), false)
}

/// A copy of the tree below that path, mounted nowhere yet. It still hears from its origin (and tells it, if shared).
pub fn clone_tree(path: &Path) -> io::Result<OwnedFd> {
    Ok(open_tree(CWD, path, clone_flags() | OpenTreeFlags::AT_RECURSIVE)?)
}

fn clone_flags() -> OpenTreeFlags {
    OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC
}

/// The same for a place that is held open.
pub fn clone_of(place: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(open_tree(place, "", clone_flags() | OpenTreeFlags::AT_EMPTY_PATH | OpenTreeFlags::AT_RECURSIVE)?)
}

pub fn propagate(tree: BorrowedFd<'_>, propagation: Propagation) -> io::Result<()> {
    let propagation = match propagation {
        Propagation::Private => libc::MS_PRIVATE,
        Propagation::HostToContainer => libc::MS_SLAVE,
        Propagation::Bidirectional => libc::MS_SHARED,
    };
    set_attributes(tree, &Attributes::propagation(propagation), true)
}

/// A new filesystem, mounted nowhere yet.
pub fn new_filesystem(
    kind: &str,
    options: &[(String, Option<String>)],
    attributes: MountAttrFlags,
) -> io::Result<OwnedFd> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (key, value) in options {
        match value {
            Some(value) => fsconfig_set_string(&context, key.as_str(), value.as_str())?,
            None => fsconfig_set_flag(&context, key.as_str())?,
        }
    }
    fsconfig_create(&context)?;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

pub fn attach(tree: BorrowedFd<'_>, target: BorrowedFd<'_>) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(tree, "", target, "", flags)?)
}

/// True when a detached tree is a directory at its top.
pub fn is_directory(tree: BorrowedFd<'_>) -> io::Result<bool> {
    let stat = statat(tree, "", AtFlags::EMPTY_PATH)?;
    Ok(FileType::from_raw_mode(stat.st_mode).is_dir())
}

/// What a path means inside the root, links followed but never out of it.
pub fn find(root: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    let relative = path.strip_prefix("/").unwrap_or(path);
    let relative = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    Ok(openat2(root, relative, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)?)
}

/// The same, making what is missing: directories on the way, and a directory or an empty file at the end.
pub fn find_or_make(root: BorrowedFd<'_>, path: &Path, directory: bool) -> io::Result<OwnedFd> {
    match find(root, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        outcome => return outcome,
    }
    let mut walked = PathBuf::from("/");
    let mut place = find(root, &walked)?;
    let names: Vec<_> = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    for (number, name) in names.iter().enumerate() {
        walked.push(name);
        let last = number + 1 == names.len();
        place = match find(root, &walked) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(place.as_fd(), Path::new(name.as_os_str()), directory || !last)?;
                find(root, &walked)?
            }
            outcome => outcome?,
        };
    }
    Ok(place)
}

fn make(parent: BorrowedFd<'_>, name: &Path, directory: bool) -> io::Result<()> {
    if directory {
        return Ok(mkdirat(parent, name, Mode::from_raw_mode(0o755))?);
    }
    Ok(mknodat(parent, name, FileType::RegularFile, Mode::from_raw_mode(0o644), 0)?)
}
