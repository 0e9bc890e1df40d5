//! Capabilities by name. The order is the kernel's numbering.

pub const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// What a container holds when nobody says otherwise.
pub const DEFAULT: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

pub const ALL: u64 = (1 << NAMES.len()) - 1;

/// With or without the `CAP_` in front, in either case.
pub fn bit(name: &str) -> Option<u64> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
    NAMES.iter().position(|known| *known == bare).map(|number| 1 << number)
}

pub fn default_set() -> u64 {
    DEFAULT.iter().filter_map(|name| bit(name)).sum()
}

/// What this process could give away at most: a set beyond it cannot be made.
pub fn available() -> u64 {
    rustix::thread::capabilities(None).map_or(0, |sets| sets.permitted.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expect: Option<u32>) {
        assert_eq!(bit(name), expect.map(|number| 1 << number), "{name}");
    }

    #[test]
    fn names_have_the_numbers_of_the_kernel() {
        check("CHOWN", Some(0));
        check("CAP_NET_ADMIN", Some(12));
        check("cap_sys_admin", Some(21));
        check("CHECKPOINT_RESTORE", Some(40));
        check("FLY", None);
        assert_eq!(default_set().count_ones(), 14);
    }
}
