//! What this machine is: read once, from the kernel's own files.

use std::fs;
use std::path::Path;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    pub cpus: u64,
    pub memory_bytes: u64,
    pub swap_bytes: u64,
    /// Page size as Kubernetes names it (`2Mi`) and bytes in all pages of it.
    pub huge_pages: Vec<(String, u64)>,
    pub machine_id: String,
    pub system_uuid: String,
    pub boot_id: String,
    pub kernel_version: String,
    pub os_image: String,
    pub architecture: &'static str,
    pub hostname: String,
}

impl Machine {
    pub fn read() -> Machine {
        let memory = text("/proc/meminfo");
        let machine_id = text("/etc/machine-id");
        let boot_id = text("/proc/sys/kernel/random/boot_id");
        let uuid = text("/sys/class/dmi/id/product_uuid");
        Machine {
            cpus: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
            memory_bytes: kibibytes(&memory, "MemTotal:") * 1024,
            swap_bytes: kibibytes(&memory, "SwapTotal:") * 1024,
            huge_pages: huge_pages(),
            system_uuid: if uuid.is_empty() { machine_id.clone() } else { uuid },
            machine_id,
            boot_id,
            kernel_version: text("/proc/sys/kernel/osrelease"),
            os_image: os_image(&text("/etc/os-release")),
            architecture: architecture(),
            hostname: text("/proc/sys/kernel/hostname"),
        }
    }

    pub fn available_memory() -> u64 {
        kibibytes(&text("/proc/meminfo"), "MemAvailable:") * 1024
    }
}

/// A file that is not there says nothing.
fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn kibibytes(meminfo: &str, field: &str) -> u64 {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn os_image(release: &str) -> String {
    let pretty = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    pretty.unwrap_or("Linux").trim_matches('"').to_owned()
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

fn huge_pages() -> Vec<(String, u64)> {
    let root = Path::new("/sys/kernel/mm/hugepages");
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kib: u64 = name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
        let count: u64 = fs::read_to_string(entry.path().join("nr_hugepages")).ok()?.trim().parse().ok()?;
        let size = if kib >= 1 << 20 { format!("{}Gi", kib >> 20) } else { format!("{}Mi", kib >> 10) };
        Some((size, count * kib * 1024))
    });
    let mut sizes: Vec<_> = sizes.collect();
    sizes.sort();
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel() {
        let memory = "MemTotal:       24605936 kB\nMemAvailable:   23000000 kB\nSwapTotal:  0 kB\n";
        assert_eq!(kibibytes(memory, "MemTotal:"), 24_605_936);
        assert_eq!(kibibytes(memory, "Absent:"), 0);
        assert_eq!(
            os_image("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)"
        );
        assert!(Machine::read().memory_bytes > 0);
    }
}
