//! What a group has used, read from either version's files.

use std::path::Path;

use super::Trees;
use crate::launch;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu_nanos: u64,
    pub memory_bytes: u64,
    /// Without file pages that the kernel could drop at once.
    pub working_set_bytes: u64,
    pub rss_bytes: u64,
    pub page_faults: u64,
    pub major_page_faults: u64,
    /// Absent: no limit.
    pub memory_limit: Option<u64>,
    pub processes: u64,
}

/// Version 1 writes "no limit" as the largest multiple of a page.
const LEGACY_NO_LIMIT: u64 = 0x7fff_ffff_ffff_f000;

impl Trees {
    /// Zeros where a controller is missing.
    pub fn usage(&self, path: &str) -> Usage {
        if self.is_unified() { self.unified_usage(path) } else { self.legacy_usage(path) }
    }

    fn unified_usage(&self, path: &str) -> Usage {
        let dir = self.unified_dir(path).unwrap_or_default();
        let stat = read(&dir, "memory.stat");
        let memory_bytes = number(&dir, "memory.current");
        Usage {
            cpu_nanos: field(&read(&dir, "cpu.stat"), "usage_usec") * 1000,
            memory_bytes,
            working_set_bytes: memory_bytes.saturating_sub(field(&stat, "inactive_file")),
            rss_bytes: field(&stat, "anon"),
            page_faults: field(&stat, "pgfault"),
            major_page_faults: field(&stat, "pgmajfault"),
            memory_limit: read(&dir, "memory.max").trim().parse().ok(),
            processes: number(&dir, "pids.current"),
        }
    }

    fn legacy_usage(&self, path: &str) -> Usage {
        let dir = |controller| self.legacy_dir(controller, path).unwrap_or_default();
        let memory = dir("memory");
        let stat = read(&memory, "memory.stat");
        let memory_bytes = number(&memory, "memory.usage_in_bytes");
        Usage {
            cpu_nanos: number(&dir("cpuacct"), "cpuacct.usage"),
            memory_bytes,
            working_set_bytes: memory_bytes.saturating_sub(field(&stat, "total_inactive_file")),
            rss_bytes: field(&stat, "total_rss"),
            page_faults: field(&stat, "total_pgfault"),
            major_page_faults: field(&stat, "total_pgmajfault"),
            memory_limit: Some(number(&memory, "memory.limit_in_bytes")).filter(|limit| *limit < LEGACY_NO_LIMIT),
            processes: number(&dir("pids"), "pids.current"),
        }
    }
}

/// How many processes the kernel has killed there for want of memory.
pub fn oom_kills(group: &launch::Cgroup) -> u64 {
    let unified = group.unified.iter().map(|dir| field(&read(dir, "memory.events"), "oom_kill"));
    let legacy = group.legacy.iter().map(|dir| field(&read(dir, "memory.oom_control"), "oom_kill"));
    unified.chain(legacy).sum()
}

fn read(dir: &Path, file: &str) -> String {
    std::fs::read_to_string(dir.join(file)).unwrap_or_default()
}

fn number(dir: &Path, file: &str) -> u64 {
    read(dir, file).trim().parse().unwrap_or(0)
}

fn field(text: &str, name: &str) -> u64 {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(files: &[(&str, &str)]) -> std::path::PathBuf {
        let name = files.iter().map(|(path, _)| path.len()).sum::<usize>();
        let root = std::env::temp_dir().join(format!("k1s-usage-{}-{name}", std::process::id()));
        for (path, content) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, content).expect("a file");
        }
        root
    }

    #[test]
    fn both_versions_tell_the_same_story() {
        let expect = Usage {
            cpu_nanos: 2_000_000,
            memory_bytes: 5000,
            working_set_bytes: 4000,
            rss_bytes: 3000,
            page_faults: 7,
            major_page_faults: 1,
            memory_limit: None,
            processes: 2,
        };
        let root = recorded(&[
            ("two/g/cpu.stat", "usage_usec 2000\nuser_usec 1000\n"),
            ("two/g/memory.current", "5000\n"),
            ("two/g/memory.max", "max\n"),
            ("two/g/memory.stat", "anon 3000\nfile 9\ninactive_file 1000\npgfault 7\npgmajfault 1\n"),
            ("two/g/memory.events", "low 0\noom 1\noom_kill 1\n"),
            ("two/g/pids.current", "2\n"),
            ("cpuacct/g/cpuacct.usage", "2000000\n"),
            ("memory/g/memory.usage_in_bytes", "5000\n"),
            ("memory/g/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/g/memory.stat", "total_inactive_file 1000\ntotal_rss 3000\ntotal_pgfault 7\ntotal_pgmajfault 1\n"),
            ("memory/g/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
            ("pids/g/pids.current", "2\n"),
        ]);
        let two = Trees { unified: Some(root.join("two")), ..Trees::default() };
        let legacy = ["cpuacct", "memory", "pids"].map(|name| (name.to_owned(), root.join(name))).into();
        let one = Trees { legacy, unified: None };
        for trees in [two, one] {
            assert_eq!(trees.usage("/g"), expect);
            assert_eq!(oom_kills(&trees.membership("/g")), 1);
        }
        std::fs::remove_dir_all(root).expect("removed");
    }
}
