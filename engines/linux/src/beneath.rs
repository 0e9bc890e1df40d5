//! Files beneath a directory, for content that nobody vouches for: no call here follows a link or leaves the directory.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::*;

const OPAQUE: &str = "trusted.overlay.opaque";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Directory,
    Link,
    Other,
}

#[derive(Debug, Clone, Copy)]
pub struct Stat {
    pub kind: FileKind,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
    device: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: i64,
    pub xattrs: Vec<(String, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy)]
pub enum Node {
    Fifo,
    Character(u32, u32),
    Block(u32, u32),
}

impl Attributes {
    pub fn new(mode: u32) -> Attributes {
        Attributes { mode, ..Attributes::default() }
    }
}

impl Stat {
    pub fn is_directory(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// How overlayfs writes "deleted".
    pub fn is_whiteout(&self) -> bool {
        self.device == Some(0)
    }

    pub fn attributes(&self) -> Attributes {
        Attributes { mode: self.mode & 0o7777, uid: self.uid, gid: self.gid, mtime: self.mtime, xattrs: Vec::new() }
    }
}

pub fn open_root(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn dot(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn open(root: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    Ok(openat2(root, dot(path), flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty(), how)?)
}

pub fn open_directory(root: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    open(root, path, OFlags::PATH | OFlags::DIRECTORY)
}

/// Opens a plain file for reading; links on the way are followed inside the root.
pub fn read_file(root: BorrowedFd<'_>, path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let relative = path.strip_prefix("/").unwrap_or(path);
    Ok(openat2(root, relative, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)?.into())
}

pub fn stat(root: BorrowedFd<'_>, path: &Path) -> io::Result<Stat> {
    let stat = fstat(open(root, path, OFlags::PATH)?)?;
    let file_type = FileType::from_raw_mode(stat.st_mode);
    let kind = match file_type {
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    };
    let device = (file_type == FileType::CharacterDevice).then_some(stat.st_rdev);
    Ok(Stat { kind, mode: stat.st_mode, uid: stat.st_uid, gid: stat.st_gid, mtime: stat.st_mtime, device })
}

pub fn read_link(root: BorrowedFd<'_>, path: &Path) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let target = readlinkat(open(root, path, OFlags::PATH)?, "", Vec::new())?;
    Ok(std::ffi::OsString::from_vec(target.into_bytes()).into())
}

pub fn is_opaque(root: BorrowedFd<'_>, path: &Path) -> io::Result<bool> {
    let directory = open(root, path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let mut value = [0_u8; 1];
    match fgetxattr(&directory, OPAQUE, &mut value) {
        Ok(_) => Ok(value == *b"y"),
        Err(rustix::io::Errno::NODATA | rustix::io::Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The parent may be an `O_PATH` handle: the directory is opened anew.
pub fn make_opaque(directory: BorrowedFd<'_>) -> io::Result<()> {
    let directory = open(directory, Path::new("."), OFlags::RDONLY | OFlags::DIRECTORY)?;
    Ok(fsetxattr(&directory, OPAQUE, b"y", XattrFlags::empty())?)
}

pub fn make_whiteout(parent: BorrowedFd<'_>, name: &Path) -> io::Result<()> {
    Ok(mknodat(parent, name, FileType::CharacterDevice, Mode::empty(), 0)?)
}

pub fn make_directory(parent: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    let (place, name) = split(parent, path)?;
    Ok(mkdirat(&place, name, Mode::from_raw_mode(0o755))?)
}

/// The directory of a longer path, opened; and its last name.
fn split<'a>(root: BorrowedFd<'_>, path: &'a Path) -> io::Result<(OwnedFd, &'a Path)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok((open_directory(root, path.parent().unwrap_or(Path::new("")))?, Path::new(name)))
}

pub fn make_link(parent: BorrowedFd<'_>, name: &Path, target: &[u8]) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    Ok(symlinkat(Path::new(std::ffi::OsStr::from_bytes(target)), parent, name)?)
}

pub fn make_node(parent: BorrowedFd<'_>, name: &Path, node: Node) -> io::Result<()> {
    let (kind, device) = match node {
        Node::Fifo => (FileType::Fifo, 0),
        Node::Character(major, minor) => (FileType::CharacterDevice, makedev(major, minor)),
        Node::Block(major, minor) => (FileType::BlockDevice, makedev(major, minor)),
    };
    Ok(mknodat(parent, name, kind, Mode::from_raw_mode(0o600), device)?)
}

pub fn create_file(parent: BorrowedFd<'_>, name: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::from_raw_mode(0o600))?.into())
}

pub fn hard_link(root: BorrowedFd<'_>, target: &Path, parent: BorrowedFd<'_>, name: &Path) -> io::Result<()> {
    let (place, file) = split(root, target)?;
    Ok(linkat(&place, file, parent, name, AtFlags::empty())?)
}

/// Content, owner, mode and time; returns the bytes.
pub fn copy_file(root: BorrowedFd<'_>, path: &Path, parent: BorrowedFd<'_>, name: &Path) -> io::Result<u64> {
    let mut from: File = open(root, path, OFlags::RDONLY | OFlags::NONBLOCK)?.into();
    let bytes = io::copy(&mut from, &mut create_file(parent, name)?)?;
    set_attributes(parent, name, &stat(root, path)?.attributes())?;
    Ok(bytes)
}

/// Owner first: changing it drops set-user-id bits.
pub fn set_attributes(parent: BorrowedFd<'_>, path: &Path, attributes: &Attributes) -> io::Result<()> {
    let handle = open(parent, path, OFlags::PATH)?;
    let (uid, gid) = (Uid::from_raw(attributes.uid), Gid::from_raw(attributes.gid));
    chownat(&handle, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH)?;
    let is_link = FileType::from_raw_mode(fstat(&handle)?.st_mode) == FileType::Symlink;
    if is_link {
        return set_time(parent, path, attributes.mtime);
    }
    let itself = through_proc(&handle);
    chmod(&itself, Mode::from_raw_mode(attributes.mode))?;
    for (name, value) in &attributes.xattrs {
        match setxattr(&itself, name.as_str(), value, XattrFlags::empty()) {
            Err(rustix::io::Errno::OPNOTSUPP) => {} // a label of a security module that this host lacks
            outcome => outcome?,
        }
    }
    set_time(parent, path, attributes.mtime)
}

/// An `O_PATH` handle as a name: the one way to chmod what is held without opening it.
fn through_proc(handle: &OwnedFd) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", handle.as_raw_fd())
}

pub fn set_time(parent: BorrowedFd<'_>, path: &Path, mtime: i64) -> io::Result<()> {
    let time = Timespec { tv_sec: mtime, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    if path == Path::new(".") || path.as_os_str().is_empty() {
        return Ok(utimensat(parent, ".", &times, AtFlags::empty())?);
    }
    let (place, name) = split(parent, path)?;
    Ok(utimensat(&place, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Whatever it is, with everything below it. Absence is success.
pub fn remove(root: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    match stat(root, path) {
        Ok(stat) if stat.is_directory() => remove_directory(root, path),
        Ok(_) => {
            let (place, name) = split(root, path)?;
            Ok(unlinkat(&place, name, AtFlags::empty())?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn remove_directory(root: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let directory = open(root, path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            remove(directory.as_fd(), Path::new(std::ffi::OsStr::from_bytes(name)))?;
        }
    }
    let (place, name) = split(root, path)?;
    Ok(unlinkat(&place, name, AtFlags::REMOVEDIR)?)
}
