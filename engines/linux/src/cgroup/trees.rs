//! Where the trees are mounted, and the life of a group in all of them.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::launch;

/// The v1 controllers that containers join; the others cost a migration each and would limit nothing.
pub const LEGACY_CONTROLLERS: [&str; 4] = ["cpu", "cpuacct", "memory", "pids"];
/// Processes that were killed leave their group a little later.
const LEAVE_RETRIES: u32 = 200;
const LEAVE_PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trees {
    pub unified: Option<PathBuf>,
    /// v1 mount points by controller.
    pub legacy: BTreeMap<String, PathBuf>,
}

impl Trees {
    pub fn of_host() -> io::Result<Trees> {
        Ok(Trees::parse(&std::fs::read_to_string("/proc/self/mountinfo")?))
    }

    /// From the text of `mountinfo`.
    pub fn parse(mounts: &str) -> Trees {
        let mut trees = Trees::default();
        for line in mounts.lines() {
            let Some((front, back)) = line.split_once(" - ") else { continue };
            let (Some(point), mut back) = (front.split(' ').nth(4), back.split(' ')) else { continue };
            match (back.next(), back.nth(1)) {
                (Some("cgroup2"), _) if trees.unified.is_none() => trees.unified = Some(point.into()),
                (Some("cgroup"), Some(options)) => trees.add_legacy(point, options),
                _ => {}
            }
        }
        trees
    }

    fn add_legacy(&mut self, point: &str, options: &str) {
        let known = ["cpu", "cpuacct", "cpuset", "memory", "pids", "hugetlb", "blkio", "devices", "freezer"];
        for controller in options.split(',').filter(|name| known.contains(name)) {
            self.legacy.entry(controller.to_owned()).or_insert_with(|| point.into());
        }
    }

    /// True when limits are written in version 2's words.
    pub fn is_unified(&self) -> bool {
        !self.legacy.contains_key("memory") && self.unified.is_some()
    }

    pub fn legacy_dir(&self, controller: &str, path: &str) -> Option<PathBuf> {
        self.legacy.get(controller).map(|root| below(root, path))
    }

    pub fn unified_dir(&self, path: &str) -> Option<PathBuf> {
        self.unified.as_deref().map(|root| below(root, path))
    }

    /// Every directory of that group that containers join; several controllers may share one mount.
    pub fn membership(&self, path: &str) -> launch::Cgroup {
        let mut legacy: Vec<_> =
            LEGACY_CONTROLLERS.iter().filter_map(|controller| self.legacy_dir(controller, path)).collect();
        legacy.extend(self.legacy_dir("cpuset", path).filter(|dir| dir.exists()));
        legacy.dedup();
        launch::Cgroup { unified: self.unified_dir(path), legacy }
    }

    fn all_dirs(&self, path: &str) -> Vec<PathBuf> {
        let mut dirs: Vec<_> = self.legacy.values().map(|root| below(root, path)).collect();
        dirs.extend(self.unified_dir(path));
        dirs.dedup();
        dirs
    }

    /// Makes the group and its parents. Existing is success.
    pub fn create(&self, path: &str) -> io::Result<()> {
        for controller in LEGACY_CONTROLLERS {
            if let Some(dir) = self.legacy_dir(controller, path) {
                std::fs::create_dir_all(dir)?;
            }
        }
        match &self.unified {
            Some(root) => create_unified(root, path),
            None => Ok(()),
        }
    }

    /// A cpuset group may hold processes only once it names processors and memory: they come from its parent.
    pub fn create_cpuset(&self, path: &str) -> io::Result<()> {
        let Some(root) = self.legacy.get("cpuset") else { return Ok(()) };
        let mut dir = root.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let parent = dir.clone();
            dir.push(part);
            make_dir(&dir)?;
            for file in ["cpuset.cpus", "cpuset.mems"] {
                if std::fs::read_to_string(dir.join(file))?.trim().is_empty() {
                    std::fs::write(dir.join(file), std::fs::read(parent.join(file))?)?;
                }
            }
        }
        Ok(())
    }

    pub fn processes(&self, path: &str) -> io::Result<Vec<i32>> {
        let mut found = Vec::new();
        for dir in self.all_dirs(path) {
            match std::fs::read_to_string(dir.join("cgroup.procs")) {
                Ok(text) => found.extend(text.lines().filter_map(|line| line.parse::<i32>().ok())),
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Kills everything in the group: at one stroke where the kernel can, else one by one.
    pub fn kill(&self, path: &str) -> io::Result<()> {
        if let Some(dir) = self.unified_dir(path)
            && std::fs::write(dir.join("cgroup.kill"), "1").is_ok()
        {
            return Ok(());
        }
        for pid in self.processes(path)? {
            if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                match rustix::process::kill_process(pid, rustix::process::Signal::KILL) {
                    Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Removes the group and every group below, killing what is left in them. Absence is success.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        self.all_dirs(path).iter().try_for_each(|dir| remove_tree(dir))
    }

    /// Removes the group only if nothing is in it or below it.
    pub fn remove_if_empty(&self, path: &str) {
        for dir in self.all_dirs(path) {
            let _ = std::fs::remove_dir(dir); // in use, or gone: both leave it as it should be
        }
    }
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn make_dir(dir: &Path) -> io::Result<()> {
    match std::fs::create_dir(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// On the way down every parent passes its controllers on.
fn create_unified(root: &Path, path: &str) -> io::Result<()> {
    let mut dir = root.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        pass_controllers_on(&dir)?;
        dir.push(part);
        make_dir(&dir)?;
    }
    Ok(())
}

fn pass_controllers_on(dir: &Path) -> io::Result<()> {
    let offered = std::fs::read_to_string(dir.join("cgroup.controllers"))?;
    let passed = std::fs::read_to_string(dir.join("cgroup.subtree_control"))?;
    for controller in offered.split_whitespace().filter(|name| !passed.split_whitespace().any(|it| it == *name)) {
        if let Err(error) = std::fs::write(dir.join("cgroup.subtree_control"), format!("+{controller}")) {
            tracing::debug!(%controller, dir = %dir.display(), %error, "controller is not passed on");
        }
    }
    Ok(())
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV))
}

fn remove_tree(dir: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if is_gone(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_tree(&entry.path())?;
    }
    for _ in 0..LEAVE_RETRIES {
        match std::fs::remove_dir(dir) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => expel(dir)?,
            Err(error) if !is_gone(&error) => return Err(error),
            _ => return Ok(()),
        }
    }
    Err(io::Error::new(ErrorKind::ResourceBusy, format!("processes do not leave {}", dir.display())))
}

fn expel(dir: &Path) -> io::Result<()> {
    let listed = std::fs::read_to_string(dir.join("cgroup.procs"))?;
    for pid in listed.lines().filter_map(|line| line.parse().ok()).filter_map(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL); // it may have ended by itself
    }
    std::thread::sleep(LEAVE_PAUSE);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mounts: &str, unified: Option<&str>, memory: Option<&str>, is_unified: bool) {
        let trees = Trees::parse(mounts);
        assert_eq!(trees.unified.as_deref(), unified.map(Path::new));
        assert_eq!(trees.legacy.get("memory").map(PathBuf::as_path), memory.map(Path::new));
        assert_eq!(trees.is_unified(), is_unified);
    }

    #[test]
    fn trees_are_read_from_the_mount_table() {
        let two = "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate";
        let hybrid = "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                      33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n\
                      34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
        check(two, Some("/sys/fs/cgroup"), None, true);
        check(hybrid, Some("/sys/fs/cgroup/unified"), Some("/sys/fs/cgroup/memory"), false);
        check("1 1 8:1 / / rw - ext4 /dev/vda rw", None, None, false);
        let membership = Trees::parse(hybrid).membership("/k1s/a");
        assert_eq!(
            membership.legacy,
            [PathBuf::from("/sys/fs/cgroup/cpu,cpuacct/k1s/a"), PathBuf::from("/sys/fs/cgroup/memory/k1s/a")]
        );
    }
}
