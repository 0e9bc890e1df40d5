//! Every system call, netlink message and unsafe block.
