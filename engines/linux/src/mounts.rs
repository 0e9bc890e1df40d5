//! The few mounts on the host itself.

use std::io;
use std::path::Path;

use crate::cgroup::{LEGACY_CONTROLLERS, Trees};

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};

const TMPFS_MAGIC: i64 = 0x0102_1994;

/// Among the blanks: what stands in the place of a hidden directory.
pub const EMPTY: &str = "empty";
/// Among the blanks: where version 1 has its trees mounted, one directory a controller.
pub const CGROUPS: &str = "cgroup";

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

/// What all containers see alike and none may write to. Filesystems of their own would look the same, but for each of
/// them the kernel keeps 16 bytes in every memory group: 8 KB a group and filesystem at 500 pods.
pub fn make_blanks(dir: &Path, trees: &Trees) -> io::Result<()> {
    std::fs::create_dir_all(dir.join(EMPTY))?;
    std::fs::create_dir_all(dir.join(CGROUPS))?;
    let controllers = LEGACY_CONTROLLERS.into_iter().filter(|name| trees.legacy.contains_key(*name));
    controllers.map(|name| dir.join(CGROUPS).join(name)).try_for_each(std::fs::create_dir_all)
}
