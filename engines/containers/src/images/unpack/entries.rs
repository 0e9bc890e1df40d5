//! One archive entry after the other becomes a file of the layer.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use linux::beneath::{self, Attributes, Node};
use tar::EntryType;

use super::merged::{Found, Merged};
use super::{Limits, relative};
use crate::images::error::{ImageError, Result, Step};

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";
const XATTR: &str = "SCHILY.xattr.";
/// What overlayfs keeps for itself: an archive must not speak to it.
const RESERVED_XATTRS: [&str; 2] = ["trusted.overlay.", "user.overlay."];

pub struct Layer<'a> {
    view: Merged,
    limits: &'a Limits,
    bytes: u64,
    entries: u64,
    /// Files put into a directory touch its time: directories get theirs at the end.
    directory_times: Vec<(PathBuf, i64)>,
    /// The directory of the entry before: archives go directory by directory.
    recent: Option<(PathBuf, PathBuf, OwnedFd)>,
}

impl<'a> Layer<'a> {
    pub fn open(into: &Path, lower: &[PathBuf], limits: &'a Limits) -> Result<Layer<'a>> {
        let view = Merged::open(into, lower).step("opening layers")?;
        let mut layer = Layer { view, limits, bytes: 0, entries: 0, directory_times: Vec::new(), recent: None };
        layer.inherit(Path::new(""))?;
        Ok(layer)
    }

    pub fn apply<R: Read>(&mut self, path: &Path, entry: &mut tar::Entry<'_, R>) -> Result<()> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(ImageError::Limit("entries"));
        }
        let kind = entry.header().entry_type();
        if path.as_os_str().is_empty() {
            return if kind.is_dir() { self.root(entry) } else { Ok(()) };
        }
        if kind == EntryType::XGlobalHeader {
            return Ok(());
        }
        let shown = path.display().to_string();
        match self.apply_named(path, kind, entry) {
            Err(ImageError::Io { source, .. }) => {
                Err(ImageError::Io { step: format!("layer entry {shown:?}"), source })
            }
            outcome => outcome,
        }
    }

    fn root<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<()> {
        let attributes = attributes(entry)?;
        beneath::set_attributes(self.view.own(), Path::new("."), &attributes).step("root")?;
        self.directory_times.push((PathBuf::from("."), attributes.mtime));
        Ok(())
    }

    fn apply_named<R: Read>(&mut self, path: &Path, kind: EntryType, entry: &mut tar::Entry<'_, R>) -> Result<()> {
        let (place, name) = self.parent(path)?;
        let parent = self.recent.as_ref().map(|(_, _, parent)| parent.as_fd()).ok_or_else(|| broken(path))?;
        let Some(text) = name.to_str() else { return self.make(&place, &name, kind, entry) };
        if text == OPAQUE {
            return beneath::make_opaque(parent).step("opaque mark");
        }
        match text.strip_prefix(WHITEOUT) {
            Some("") | Some("." | "..") => Err(broken(path)),
            Some(hidden) => {
                beneath::remove(parent, Path::new(hidden)).step("whiteout")?;
                beneath::make_whiteout(parent, Path::new(hidden)).step("whiteout")
            }
            None => self.make(&place, &name, kind, entry),
        }
    }

    /// Opens the entry's directory, made like the one below it if it is only implied.
    fn parent(&mut self, path: &Path) -> Result<(PathBuf, PathBuf)> {
        let given = path.parent().unwrap_or(Path::new(""));
        let name = PathBuf::from(path.file_name().ok_or_else(|| broken(path))?);
        if let Some((known, place, _)) = &self.recent
            && known == given
        {
            return Ok((place.clone(), name));
        }
        let place = self.view.resolve(given).step("directory")?;
        let mut walked = PathBuf::new();
        for part in &place {
            walked.push(part);
            self.inherit(&walked)?;
        }
        let opened = beneath::open_directory(self.view.own(), &place).step("directory")?;
        self.recent = Some((given.to_owned(), place.clone(), opened));
        Ok((place, name))
    }

    /// A directory that the archive does not bring has the owner and mode of the one below.
    fn inherit(&mut self, place: &Path) -> Result<()> {
        let below = self.view.lookup(place).step("directory")?;
        if !place.as_os_str().is_empty() {
            match beneath::stat(self.view.own(), place) {
                Ok(stat) if stat.is_directory() => return Ok(()),
                Ok(_) => beneath::remove(self.view.own(), place).step("directory")?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).step("directory"),
            }
            beneath::make_directory(self.view.own(), place).step("directory")?;
        }
        let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
        match below {
            Found::Directory(stat) => {
                beneath::set_attributes(self.view.own(), place, &stat.attributes()).step("directory")
            }
            _ => beneath::set_attributes(self.view.own(), place, &Attributes::new(0o755)).step("directory"),
        }
    }

    fn make<R: Read>(
        &mut self,
        place: &Path,
        name: &Path,
        kind: EntryType,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<()> {
        let parent = self.recent.as_ref().map(|(_, _, parent)| parent.as_fd()).ok_or_else(|| broken(name))?;
        let exists = beneath::stat(parent, name);
        let stays = kind.is_dir() && exists.as_ref().is_ok_and(beneath::Stat::is_directory);
        if exists.is_ok() && !stays {
            beneath::remove(parent, name).step("replacing")?;
            self.recent = None; // it may have been the very directory
            self.parent(&place.join(name))?;
        }
        let parent = self.recent.as_ref().map(|(_, _, parent)| parent.as_fd()).ok_or_else(|| broken(name))?;
        let attributes = attributes(entry)?;
        match kind {
            EntryType::Directory if stays => {}
            EntryType::Directory => beneath::make_directory(parent, name).step("directory")?,
            EntryType::Symlink => {
                let target = entry.link_name_bytes().ok_or_else(|| broken(name))?;
                beneath::make_link(parent, name, &target).step("link")?;
            }
            EntryType::Link => return self.hard_link(name, entry),
            EntryType::Fifo => beneath::make_node(parent, name, Node::Fifo).step("pipe")?,
            EntryType::Char | EntryType::Block => {
                let number = |field: io::Result<Option<u32>>| field.ok().flatten().unwrap_or(0);
                let (major, minor) = (number(entry.header().device_major()), number(entry.header().device_minor()));
                let node =
                    if kind == EntryType::Char { Node::Character(major, minor) } else { Node::Block(major, minor) };
                beneath::make_node(parent, name, node).step("device")?;
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mut file = beneath::create_file(parent, name).step("file")?;
                let left = self.limits.bytes - self.bytes;
                let written = io::copy(&mut entry.take(left + 1), &mut file).step("file")?;
                self.bytes += written.min(left);
                if written > left {
                    return Err(ImageError::Limit("bytes"));
                }
            }
            _ => return Err(ImageError::Entry { path: name.display().to_string(), reason: "is of an unknown kind" }),
        }
        beneath::set_attributes(parent, name, &attributes).step("attributes")?;
        if kind.is_dir() {
            self.directory_times.push((place.join(name), attributes.mtime));
        }
        Ok(())
    }

    /// A target of this layer is linked; one from below is copied, as a write through the link would have done.
    fn hard_link<R: Read>(&mut self, name: &Path, entry: &mut tar::Entry<'_, R>) -> Result<()> {
        let parent = self.recent.as_ref().map(|(_, _, parent)| parent.as_fd()).ok_or_else(|| broken(name))?;
        let target = relative(&entry.link_name_bytes().ok_or_else(|| broken(name))?)?;
        let (directory, file) = (target.parent().unwrap_or(Path::new("")), target.file_name());
        let target = self.view.resolve(directory).step("hard link")?.join(file.ok_or_else(|| broken(name))?);
        match self.view.lookup(&target).step("hard link")? {
            Found::Other(0) | Found::Link(_) => {
                beneath::hard_link(self.view.own(), &target, parent, name).step("hard link")
            }
            Found::Other(layer) => {
                self.bytes += beneath::copy_file(self.view.layer(layer), &target, parent, name).step("hard link")?;
                if self.bytes > self.limits.bytes { Err(ImageError::Limit("bytes")) } else { Ok(()) }
            }
            Found::Missing | Found::Directory(_) => Err(ImageError::Entry {
                path: name.display().to_string(),
                reason: "is a hard link to what is not there",
            }),
        }
    }

    pub fn finish(self) -> Result<u64> {
        for (place, mtime) in self.directory_times.iter().rev() {
            match beneath::set_time(self.view.own(), place, *mtime) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).step("directory time"),
                _ => {} // deleted by a later entry
            }
        }
        Ok(self.bytes)
    }
}

fn broken(path: &Path) -> ImageError {
    ImageError::Entry { path: path.display().to_string(), reason: "has no usable name" }
}

/// Some writers leave a zero blank.
fn number(field: &[u8], read: impl FnOnce() -> io::Result<u64>) -> io::Result<u64> {
    if field.iter().all(|byte| matches!(byte, 0 | b' ')) { Ok(0) } else { read() }
}

fn attributes<R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<Attributes> {
    let header = entry.header();
    let mut attributes = Attributes::new(header.mode().step("mode")? & 0o7777);
    let fields = header.as_old();
    attributes.uid = number(&fields.uid, || header.uid()).step("owner")? as u32;
    attributes.gid = number(&fields.gid, || header.gid()).step("group")? as u32;
    attributes.mtime = number(&fields.mtime, || header.mtime()).step("time")? as i64;
    let Some(extensions) = entry.pax_extensions().step("extensions")? else { return Ok(attributes) };
    for extension in extensions {
        let extension = extension.step("extensions")?;
        let Some(name) = extension.key().ok().and_then(|key| key.strip_prefix(XATTR)) else { continue };
        if !RESERVED_XATTRS.iter().any(|reserved| name.starts_with(reserved)) {
            attributes.xattrs.push((name.to_owned(), extension.value_bytes().to_vec()));
        }
    }
    Ok(attributes)
}
