//! A volume that a group is to use: owned by it, writable by it, and new files stay in it.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

const GROUP_RW: u32 = 0o660;
const GROUP_RO: u32 = 0o440;
const SET_GROUP: u32 = 0o2000;
const GROUP_ENTER: u32 = 0o110;

/// Gives everything below `root` to a group; `only_if_root_differs` trusts a root that already is as it should be.
pub fn give_to_group(root: &Path, group: u32, read_only: bool, only_if_root_differs: bool) -> io::Result<()> {
    let meta = fs::symlink_metadata(root)?;
    if only_if_root_differs && meta.gid() == group && meta.mode() & SET_GROUP != 0 {
        return Ok(());
    }
    walk(root, group, if read_only { GROUP_RO } else { GROUP_RW })
}

fn walk(path: &Path, group: u32, mask: u32) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    lchown(path, None, Some(group))?;
    if meta.is_symlink() {
        return Ok(());
    }
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            walk(&entry?.path(), group, mask)?;
        }
    }
    let extra = if meta.is_dir() { SET_GROUP | GROUP_ENTER } else { 0 };
    fs::set_permissions(path, fs::Permissions::from_mode(meta.permissions().mode() | mask | extra))
}
