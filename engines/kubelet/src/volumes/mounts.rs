//! The few mounts that the kubelet makes itself: memory behind an emptyDir.

use std::io;
use std::path::Path;

pub trait Mounts: Send + Sync {
    /// Memory at `path`; `size` in bytes, if it is bounded.
    fn memory(&self, path: &Path, size: Option<u64>) -> io::Result<()>;
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

    fn unmount(&self, path: &Path) -> io::Result<()> {
        use rustix::mount::{UnmountFlags, unmount};
        match unmount(path, UnmountFlags::DETACH) {
            Ok(()) | Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
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

    fn unmount(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}
