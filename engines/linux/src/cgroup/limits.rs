//! Limits in CRI's words, written as either version's files.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::Trees;

/// Zero and absent mean "leave as it is"; a negative value means "no limit".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    pub cpu_shares: u64,
    pub cpu_quota: i64,
    pub cpu_period: u64,
    pub memory: i64,
    pub memory_and_swap: i64,
    pub pids: i64,
    pub cpuset_cpus: String,
    pub cpuset_mems: String,
    /// Bytes by page size, as the kernel writes it: `2MB`.
    pub huge_pages: BTreeMap<String, u64>,
    /// Version 2's own files and what to write there.
    pub unified: BTreeMap<String, String>,
}

/// Version 1 counts from 2 to 262144, version 2 from 1 to 10000: the kernel's documented mapping.
fn weight_of_shares(shares: u64) -> u64 {
    1 + (shares.clamp(2, 262_144) - 2) * 9_999 / 262_142
}

fn or_max(value: i64) -> String {
    if value < 0 { "max".to_owned() } else { value.to_string() }
}

impl Limits {
    /// File and content, version 2.
    pub fn unified_files(&self) -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> = Vec::new();
        let mut put = |file: &str, value: String| files.push((file.to_owned(), value));
        if self.cpu_shares > 0 {
            put("cpu.weight", weight_of_shares(self.cpu_shares).to_string());
        }
        if self.cpu_quota != 0 {
            let period = if self.cpu_period == 0 { 100_000 } else { self.cpu_period };
            put("cpu.max", format!("{} {period}", or_max(self.cpu_quota)));
        }
        if self.memory_and_swap != 0 && self.memory > 0 {
            put("memory.swap.max", or_max((self.memory_and_swap - self.memory).max(-1)));
        }
        if self.memory != 0 {
            put("memory.max", or_max(self.memory));
        }
        if self.pids != 0 {
            put("pids.max", or_max(self.pids));
        }
        self.cpuset_files(&mut put);
        for (size, bytes) in &self.huge_pages {
            put(&format!("hugetlb.{size}.max"), bytes.to_string());
        }
        files.extend(self.unified.clone());
        files
    }

    fn cpuset_files(&self, put: &mut impl FnMut(&str, String)) {
        for (file, value) in [("cpuset.cpus", &self.cpuset_cpus), ("cpuset.mems", &self.cpuset_mems)] {
            if !value.is_empty() {
                put(file, value.clone());
            }
        }
    }

    /// Controller, file and content, version 1.
    pub fn legacy_files(&self) -> Vec<(&'static str, String, String)> {
        let mut files = Vec::new();
        let mut put = |controller, file: &str, value: String| files.push((controller, file.to_owned(), value));
        if self.cpu_shares > 0 {
            put("cpu", "cpu.shares", self.cpu_shares.to_string());
        }
        if self.cpu_period > 0 {
            put("cpu", "cpu.cfs_period_us", self.cpu_period.to_string());
        }
        if self.cpu_quota != 0 {
            put("cpu", "cpu.cfs_quota_us", self.cpu_quota.max(-1).to_string());
        }
        if self.memory != 0 {
            put("memory", "memory.limit_in_bytes", self.memory.max(-1).to_string());
        }
        if self.memory_and_swap != 0 {
            put("memory", "memory.memsw.limit_in_bytes", self.memory_and_swap.max(-1).to_string());
        }
        if self.pids != 0 {
            put("pids", "pids.max", or_max(self.pids));
        }
        self.cpuset_files(&mut |file, value| put("cpuset", file, value));
        for (size, bytes) in &self.huge_pages {
            put("hugetlb", &format!("hugetlb.{size}.limit_in_bytes"), bytes.to_string());
        }
        files
    }
}

impl Trees {
    pub fn limit(&self, path: &str, limits: &Limits) -> io::Result<()> {
        if !limits.cpuset_cpus.is_empty() || !limits.cpuset_mems.is_empty() {
            self.create_cpuset(path)?;
        }
        for (controller, file, value) in limits.legacy_files() {
            if let Some(dir) = self.legacy_dir(controller, path) {
                write(&dir, &file, &value)?;
            }
        }
        if let Some(dir) = self.unified_dir(path) {
            limits.unified_files().iter().try_for_each(|(file, value)| write(&dir, file, value))?;
        }
        Ok(())
    }
}

/// A file that is not there belongs to a controller that is not there.
fn write(dir: &Path, file: &str, value: &str) -> io::Result<()> {
    let path = dir.join(file);
    if !path.exists() {
        return Ok(());
    }
    std::fs::write(&path, value)
        .map_err(|error| io::Error::new(error.kind(), format!("writing {value:?} to {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limits: &Limits, unified: &[(&str, &str)], legacy: &[(&str, &str)]) {
        let got: Vec<_> = limits.unified_files();
        let got: Vec<_> = got.iter().map(|(file, value)| (file.as_str(), value.as_str())).collect();
        assert_eq!(got, unified);
        let got = limits.legacy_files();
        let got: Vec<_> = got.iter().map(|(_, file, value)| (file.as_str(), value.as_str())).collect();
        assert_eq!(got, legacy);
    }

    #[test]
    fn limits_are_said_in_both_versions_words() {
        check(&Limits::default(), &[], &[]);
        check(
            &Limits { cpu_shares: 1024, cpu_quota: 50_000, cpu_period: 100_000, ..Limits::default() },
            &[("cpu.weight", "39"), ("cpu.max", "50000 100000")],
            &[("cpu.shares", "1024"), ("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "50000")],
        );
        check(
            &Limits { memory: 1000, memory_and_swap: 1000, pids: 10, ..Limits::default() },
            &[("memory.swap.max", "0"), ("memory.max", "1000"), ("pids.max", "10")],
            &[("memory.limit_in_bytes", "1000"), ("memory.memsw.limit_in_bytes", "1000"), ("pids.max", "10")],
        );
        check(
            &Limits { memory: -1, cpu_quota: -1, pids: -1, ..Limits::default() },
            &[("cpu.max", "max 100000"), ("memory.max", "max"), ("pids.max", "max")],
            &[("cpu.cfs_quota_us", "-1"), ("memory.limit_in_bytes", "-1"), ("pids.max", "max")],
        );
    }

    #[test]
    fn shares_become_weights_over_the_whole_range() {
        for (shares, weight) in [(2, 1), (1024, 39), (262_144, 10_000), (1, 1), (u64::MAX, 10_000)] {
            assert_eq!(weight_of_shares(shares), weight, "{shares}");
        }
    }

    #[test]
    fn files_of_absent_controllers_are_passed_over() {
        let root = std::env::temp_dir().join(format!("k1s-limits-{}", std::process::id()));
        std::fs::create_dir_all(root.join("a")).expect("a directory");
        std::fs::write(root.join("a/pids.max"), "max").expect("a file");
        let trees = Trees { unified: Some(root.clone()), ..Trees::default() };
        trees.limit("a", &Limits { pids: 7, memory: 5, ..Limits::default() }).expect("limits");
        assert_eq!(std::fs::read_to_string(root.join("a/pids.max")).expect("written"), "7");
        assert!(!root.join("a/memory.max").exists());
        std::fs::remove_dir_all(root).expect("removed");
    }
}
