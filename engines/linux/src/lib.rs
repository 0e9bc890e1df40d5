//! Every system call, netlink message and unsafe block.

pub mod netlink;
mod nft;
