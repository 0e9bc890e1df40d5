//! What the processes of pods use themselves: memory that a program takes wherever it runs.

use crate::api::{BenchError, cpu};
use std::fs;
use std::path::Path;

/// The groups of pods are called so by every kubelet.
const GROUP: &str = "kubepods";
/// Held by some runtimes for a sandbox: part of the overhead.
const PAUSE: &str = "pause";

/// KiB in private and shared pages and in page tables. Pages of files are not counted: the kernel can give them back.
pub fn memory() -> Result<u64, BenchError> {
    let entries = fs::read_dir("/proc").map_err(BenchError::new)?;
    Ok(entries.flatten().filter_map(|entry| of_process(&entry.path())).sum())
}

/// None for what is no process of a pod, or has just ended.
fn of_process(directory: &Path) -> Option<u64> {
    let read = |file: &str| fs::read_to_string(directory.join(file)).ok();
    if !read("cgroup")?.contains(GROUP) || read("comm")?.trim() == PAUSE {
        return None;
    }
    Some(fields(&read("smaps_rollup")?, &["Pss_Anon:", "Pss_Shmem:"]) + fields(&read("status")?, &["VmPTE:"]))
}

fn fields(text: &str, names: &[&str]) -> u64 {
    names.iter().filter_map(|name| cpu::amount(text, name)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_added_up() {
        let text =
            "55-7f ---p 00000000 00:00 0 [rollup]\nPss: 900 kB\nPss_Anon:  10 kB\nPss_File: 3 kB\nPss_Shmem: 2 kB\n";
        assert_eq!(fields(text, &["Pss_Anon:", "Pss_Shmem:"]), 12);
        assert_eq!(fields("VmPTE:\t  116 kB\n", &["VmPTE:"]), 116);
    }
}
