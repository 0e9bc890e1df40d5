//! Every system call, netlink message and unsafe block.

pub mod beneath;
pub mod capabilities;
pub mod cgroup;
mod channel;
mod child;
mod clone;
pub mod init;
pub mod launch;
mod mount;
pub mod mounts;
pub mod namespaces;
pub mod netlink;
mod nft;
pub mod preflight;
pub mod process;
pub mod seccomp;
pub mod supervise;
pub mod terminal;

pub use libc::ELOOP;

/// Readiness of a descriptor in tokio's loop.
fn watch_descriptor(
    descriptor: std::os::fd::OwnedFd,
) -> std::io::Result<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>> {
    // SAFETY: the descriptor is owned by the value that is registered and stays open until that is dropped.
    unsafe { tokio::io::unix::AsyncFd::register(descriptor) }.map_err(std::io::Error::from)
}
