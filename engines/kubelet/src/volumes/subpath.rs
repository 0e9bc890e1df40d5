//! A part of a volume, opened so that no link on the way can lead out of it, and mounted as it was opened: whoever
//! changes the volume meanwhile changes nothing of what the container sees.

use super::entries;
use super::mounts::Mounts;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, mkdirat, openat2};
use rustix::io::Errno;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// As upstream's kubelet names it.
const DIRECTORY: &str = "volume-subpaths";

/// A place that stays what it was when it was checked.
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

    fn is_directory(&self) -> io::Result<bool> {
        Ok(FileType::from_raw_mode(fstat(&self.file)?.st_mode).is_dir())
    }

    /// Mounts the place at `target`, instead of what an earlier container had there.
    pub fn mount(&self, mounts: &dyn Mounts, target: &Path) -> io::Result<()> {
        leave(mounts, target)?;
        let parent = target.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent)?;
        match self.is_directory()? {
            true => fs::create_dir(target)?,
            false => drop(fs::File::create_new(target)?),
        }
        mounts.bind(self.file.as_fd(), target)
    }
}

/// Where the part of a volume is mounted for one of a container's mounts, below the directory of its pod.
pub fn place(volume: &str, container: &str, index: usize) -> PathBuf {
    [DIRECTORY, volume, container, &index.to_string()].iter().collect()
}

/// Takes all such mounts of a pod away.
pub fn remove_all(mounts: &dyn Mounts, pod_dir: &Path) -> io::Result<()> {
    let all = pod_dir.join(DIRECTORY);
    for volume in entries(&all)? {
        for container in entries(&volume)? {
            entries(&container)?.iter().try_for_each(|place| leave(mounts, place))?;
            fs::remove_dir(container)?;
        }
        fs::remove_dir(volume)?;
    }
    absent_is_fine(fs::remove_dir(all))
}

/// Only what is empty goes: where a mount resists lie the files of somebody else.
fn leave(mounts: &dyn Mounts, place: &Path) -> io::Result<()> {
    mounts.unmount(place)?;
    absent_is_fine(if place.is_dir() { fs::remove_dir(place) } else { fs::remove_file(place) })
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
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
    use crate::volumes::mounts::NoMounts;

    #[test]
    fn stays_below_its_volume() {
        let root = tempfile::tempdir().unwrap();
        let (volume, outside) = (root.path().join("v"), root.path().join("secret"));
        fs::create_dir(&volume).unwrap();
        fs::write(&outside, "x").unwrap();
        std::os::unix::fs::symlink("../secret", volume.join("link")).unwrap();
        fs::create_dir(volume.join("d")).unwrap();
        std::os::unix::fs::symlink("d", volume.join("inner")).unwrap();
        let open = |below: &str| SubPath::open(&volume, below, 0o755).and_then(|s| s.is_directory()).ok();
        assert_eq!(open("d"), Some(true));
        assert_eq!(open("new/deep"), Some(true));
        assert!(volume.join("new/deep").is_dir());
        assert_eq!(open("inner"), Some(true));
        assert_eq!(open("link"), None);
        assert_eq!(open("../secret"), None);
        assert_eq!(open("/etc"), None);
    }

    #[test]
    fn what_is_not_empty_is_never_removed() {
        let pod = tempfile::tempdir().unwrap();
        let volume = tempfile::tempdir().unwrap();
        fs::write(volume.path().join("file"), "x").unwrap();
        let mount = |below: &str, index| {
            let target = pod.path().join(place("v", "c", index));
            SubPath::open(volume.path(), below, 0o755).unwrap().mount(&NoMounts, &target).map(|()| target)
        };
        let (file, directory) = (mount("file", 0).unwrap(), mount("directory", 1).unwrap());
        assert!(file.is_file() && directory.is_dir());
        assert!(mount("directory", 0).unwrap().is_dir(), "another kind takes its place");
        // As if the mount had stayed.
        fs::write(directory.join("precious"), "x").unwrap();
        assert!(remove_all(&NoMounts, pod.path()).is_err() && mount("file", 1).is_err());
        assert!(directory.join("precious").is_file());
        fs::remove_file(directory.join("precious")).unwrap();
        remove_all(&NoMounts, pod.path()).unwrap();
        assert!(entries(pod.path()).unwrap().is_empty());
    }
}
