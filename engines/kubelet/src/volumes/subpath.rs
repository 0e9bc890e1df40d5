//! A part of a volume, opened so that no link on the way can lead out of it.

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, mkdirat, openat2};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// A place that stays what it was when it was checked: the path leads through the open file.
#[derive(Debug)]
pub struct SubPath {
    file: OwnedFd,
}

impl SubPath {
    /// Opens `below` in `volume`, and makes directories where nothing is.
    pub fn open(volume: &Path, below: &str, mode: u32) -> io::Result<SubPath> {
        let below = checked(below)?;
        let root = openat2(CWD, volume, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::empty())?;
        match beneath(&root, &below) {
            Err(Errno::NOENT) => make(&root, &below, mode)?,
            other => return Ok(SubPath { file: other? }),
        }
        Ok(SubPath { file: beneath(&root, &below)? })
    }

    /// Valid for as long as this is kept.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()))
    }
}

fn beneath(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    openat2(root, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), flags)
}

fn make(root: &OwnedFd, path: &Path, mode: u32) -> io::Result<()> {
    let mut so_far = PathBuf::new();
    for part in path.components() {
        let parent = if so_far.as_os_str().is_empty() { root.try_clone()? } else { beneath(root, &so_far)? };
        match mkdirat(&parent, Path::new(part.as_os_str()), Mode::from_raw_mode(mode)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        so_far.push(part);
    }
    Ok(())
}

fn checked(below: &str) -> io::Result<PathBuf> {
    let path = Path::new(below);
    let plain = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if !plain || below.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a sub-path must stay below its volume"));
    }
    Ok(path.components().filter(|c| matches!(c, Component::Normal(_))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn stays_below_its_volume() {
        let root = tempfile::tempdir().unwrap();
        let (volume, outside) = (root.path().join("v"), root.path().join("secret"));
        fs::create_dir(&volume).unwrap();
        fs::write(&outside, "x").unwrap();
        std::os::unix::fs::symlink("../secret", volume.join("link")).unwrap();
        fs::create_dir(volume.join("d")).unwrap();
        std::os::unix::fs::symlink("d", volume.join("inner")).unwrap();
        let open = |below: &str| SubPath::open(&volume, below, 0o755).map(|s| s.path().is_dir()).ok();
        assert_eq!(open("d"), Some(true));
        assert_eq!(open("new/deep"), Some(true));
        assert!(volume.join("new/deep").is_dir());
        assert_eq!(open("inner"), Some(true));
        assert_eq!(open("link"), None);
        assert_eq!(open("../secret"), None);
        assert_eq!(open("/etc"), None);
    }
}
