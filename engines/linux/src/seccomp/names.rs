//! System calls by name. The tables are the kernel's own numbering.

#[cfg(target_arch = "x86_64")]
const TABLE: &str = include_str!("x86_64.txt");
#[cfg(target_arch = "aarch64")]
const TABLE: &str = include_str!("aarch64.txt");

/// How the kernel names this machine in a filter's input.
#[cfg(target_arch = "x86_64")]
pub const AUDIT_ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
pub const AUDIT_ARCH: u32 = 0xc000_00b7;

/// A call that this machine does not have is nothing to decide about.
pub fn number(name: &str) -> Option<u32> {
    TABLE.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}
