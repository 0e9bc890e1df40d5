//! The few mounts that the kubelet makes itself: memory behind an emptyDir, and parts of volumes.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

pub trait Mounts: Send + Sync {
    /// Memory at `path`; `size` in bytes, if it is bounded.
    fn memory(&self, path: &Path, size: Option<u64>) -> io::Result<()>;
    /// The open place, with all that is mounted below it, appears at `target` as well.
    fn bind(&self, place: BorrowedFd<'_>, target: &Path) -> io::Result<()>;
    /// Nothing mounted there is success.
    fn unmount(&self, path: &Path) -> io::Result<()>;
}

/// The kernel's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelMounts;

impl Mounts for KernelMounts {
    fn memory(&self, path: &Path, size: Option<u64>) -> io::Result<()> {
        use rustix::mount::{MountFlags, mount};
        let options = size.map_or_else(String::new, |bytes| format!("size={bytes}"));
        let options = std::ffi::CString::new(options).map_err(io::Error::other)?;
        mount("tmpfs", path, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(options.as_c_str()))?;
        Ok(())
    }

    fn bind(&self, place: BorrowedFd<'_>, target: &Path) -> io::Result<()> {
        use rustix::fs::CWD;
        use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH
            | OpenTreeFlags::AT_RECURSIVE;
        let tree = open_tree(place, "", flags)?;
        Ok(move_mount(&tree, "", CWD, target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
    }

    fn unmount(&self, path: &Path) -> io::Result<()> {
        use rustix::mount::{UnmountFlags, unmount};
        loop {
            match unmount(path, UnmountFlags::DETACH) {
                Ok(()) => {} // another may lie below
                Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// For machines and tests without the right to mount: an ordinary directory takes the place of memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMounts;

impl Mounts for NoMounts {
    fn memory(&self, _path: &Path, _size: Option<u64>) -> io::Result<()> {
        Ok(())
    }

    fn bind(&self, _place: BorrowedFd<'_>, _target: &Path) -> io::Result<()> {
        Ok(())
    }

    fn unmount(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}
