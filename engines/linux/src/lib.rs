//! Every system call, netlink message and unsafe block.

pub mod capabilities;
pub mod cgroup;
mod channel;
mod child;
mod clone;
pub mod init;
pub mod launch;
mod mount;
pub mod namespaces;
pub mod netlink;
mod nft;
pub mod process;
pub mod seccomp;
pub mod supervise;
