//! The few mounts on the host itself.

use std::io;
use std::path::Path;

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};

const TMPFS_MAGIC: i64 = 0x0102_1994;

fn is_memory_filesystem(path: &Path) -> io::Result<bool> {
    Ok(rustix::fs::statfs(path)?.f_type as i64 == TMPFS_MAGIC)
}

/// Mounts one there unless that was done before. The parent directory must lie on a disk.
pub fn ensure_memory_filesystem(path: &Path) -> io::Result<()> {
    if is_memory_filesystem(path)? {
        return Ok(());
    }
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("shm", path, "tmpfs", flags, c"mode=711")?;
    Ok(mount_change(path, MountPropagationFlags::PRIVATE)?)
}

/// Absence is success.
pub fn remove_memory_filesystem(path: &Path) -> io::Result<()> {
    match is_memory_filesystem(path) {
        Ok(true) => Ok(unmount(path, UnmountFlags::DETACH)?),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
