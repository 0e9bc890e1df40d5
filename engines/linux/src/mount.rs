//! Attributes of mounts that already exist.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use rustix::mount::MountAttrFlags;

#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

impl Attributes {
    pub fn set(flags: MountAttrFlags) -> Attributes {
        Attributes { set: u64::from(flags.bits()), ..Attributes::default() }
    }

    /// One of the kernel's `MS_PRIVATE`, `MS_SLAVE`, `MS_SHARED`.
    pub fn propagation(kind: u64) -> Attributes {
        Attributes { propagation: kind, ..Attributes::default() }
    }
}

pub fn set_attributes(tree: impl AsFd, attributes: &Attributes, recursive: bool) -> io::Result<()> {
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty C string and the structure lives through the call with its true size.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            flags,
            attributes,
            size_of::<Attributes>(),
        )
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
