//! The view through a layer onto those below it, for looking things up. Links are followed by us, inside this view,
//! and never by the kernel.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use linux::beneath::{self, FileKind, Stat};

const MOST_LINKS: u32 = 40;

pub enum Found {
    Missing,
    Directory(Stat),
    Link(PathBuf),
    /// In that layer of the view.
    Other(usize),
}

/// The layer that is being filled, then those below it, nearest first.
pub struct Merged {
    layers: Vec<OwnedFd>,
}

impl Merged {
    pub fn open(own: &Path, lower: &[PathBuf]) -> io::Result<Merged> {
        let all = std::iter::once(own).chain(lower.iter().map(PathBuf::as_path));
        Ok(Merged { layers: all.map(beneath::open_root).collect::<io::Result<_>>()? })
    }

    pub fn own(&self) -> BorrowedFd<'_> {
        self.layers[0].as_fd()
    }

    pub fn layer(&self, number: usize) -> BorrowedFd<'_> {
        self.layers[number].as_fd()
    }

    /// The path holds no links on its way (it came from [`Merged::resolve`]).
    pub fn lookup(&self, path: &Path) -> io::Result<Found> {
        for (number, layer) in self.layers.iter().enumerate() {
            match beneath::stat(layer.as_fd(), path) {
                Ok(stat) if stat.is_whiteout() => return Ok(Found::Missing),
                Ok(stat) => return self.found(number, path, stat),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // Something on the way is no directory here: what lies below is hidden.
                Err(error) if leads_nowhere(&error) => return Ok(Found::Missing),
                Err(error) => return Err(error),
            }
            if self.hides_lower(layer.as_fd(), path)? {
                return Ok(Found::Missing);
            }
        }
        Ok(Found::Missing)
    }

    fn found(&self, number: usize, path: &Path, stat: Stat) -> io::Result<Found> {
        Ok(match stat.kind {
            FileKind::Directory => Found::Directory(stat),
            FileKind::Link => Found::Link(beneath::read_link(self.layers[number].as_fd(), path)?),
            FileKind::Other => Found::Other(number),
        })
    }

    /// A directory on the way may be marked opaque, or its ancestor deleted.
    fn hides_lower(&self, layer: BorrowedFd<'_>, path: &Path) -> io::Result<bool> {
        for ancestor in path.ancestors().skip(1).filter(|ancestor| !ancestor.as_os_str().is_empty()) {
            match beneath::stat(layer, ancestor) {
                Ok(stat) if stat.is_whiteout() => return Ok(true),
                Ok(_) => return beneath::is_opaque(layer, ancestor),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Where the directory of that name really is. What does not exist stands for itself.
    pub fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut ahead: VecDeque<OsString> = names(path).collect();
        let (mut place, mut links) = (PathBuf::new(), 0);
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                place.pop();
                continue;
            }
            place.push(&name);
            if let Found::Link(target) = self.lookup(&place)? {
                links += 1;
                if links > MOST_LINKS {
                    return Err(io::Error::from_raw_os_error(linux::ELOOP));
                }
                if target.is_absolute() {
                    place = PathBuf::new();
                } else {
                    place.pop();
                }
                names(&target).collect::<Vec<_>>().into_iter().rev().for_each(|name| ahead.push_front(name));
            }
        }
        Ok(place)
    }
}

fn leads_nowhere(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotADirectory || error.raw_os_error() == Some(linux::ELOOP)
}

fn names(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}
