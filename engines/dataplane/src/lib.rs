//! I/O: commits netplan through the kernel; answers cluster DNS.
