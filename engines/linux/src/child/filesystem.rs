//! The files that a container sees. Its mounts exist in its own mount namespace alone: the host's table does not grow,
//! and they go when its last process goes.

use std::fmt::Write;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Uid, chownat, mknodat, openat};
use rustix::mount::{MountAttrFlags, MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};

use super::mounts::{self, attach, find, find_or_make};
use super::{At, Outcome};
use crate::cgroup::LEGACY_CONTROLLERS;
use crate::launch::{Device, Launch, Mount, Rootfs, Source};
use crate::mounts::{CGROUPS, EMPTY};

/// Links that every container's `/dev` has.
const LINKS: [(&str, &str); 5] = [
    ("pts/ptmx", "ptmx"),
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
];
const NODES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

pub fn build(launch: &Launch) -> Outcome<()> {
    // Sources first: they must still belong to the host's peer groups, so that Bidirectional reaches it.
    let trees = launch.mounts.iter().map(prepare).collect::<Outcome<Vec<_>>>()?;
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC).at("own mounts")?;
    overlay(&launch.rootfs).at("overlay")?;
    let target = &launch.rootfs.target;
    let root = openat(CWD, target, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).at("root")?;
    for (order, tree) in launch.mounts.iter().zip(trees) {
        place(root.as_fd(), order, tree, &launch.blanks).at(format_args!("mounting {}", order.target.display()))?;
    }
    populate_dev(root.as_fd(), &launch.devices)?;
    hide(root.as_fd(), launch)?;
    enter(target)?;
    make_working_directory(&launch.process.cwd).at("working directory")?;
    if launch.rootfs.readonly {
        let root = openat(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).at("root")?;
        mounts::make_readonly(root.as_fd(), false).at("read-only root")?;
    }
    Ok(())
}

/// One that the image lacks is made, also where the root becomes read-only afterwards.
fn make_working_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() { Ok(()) } else { std::fs::create_dir_all(path) }
}

/// Layers are named relative to their directory: a hundred of them must fit one page.
fn overlay(rootfs: &Rootfs) -> io::Result<()> {
    std::env::set_current_dir(&rootfs.layers_dir)?;
    let mut options = format!("lowerdir={}", rootfs.layers.join(":"));
    for (key, path) in [("upperdir", &rootfs.upper), ("workdir", &rootfs.work)] {
        let escaped = path.to_string_lossy().replace('\\', "\\\\").replace(',', "\\,");
        let _ = write!(options, ",{key}={escaped}"); // writing to a string cannot fail
    }
    let options = std::ffi::CString::new(options)?;
    Ok(mount("overlay", &rootfs.target, "overlay", MountFlags::empty(), options.as_c_str())?)
}

fn attributes(order: &Mount) -> MountAttrFlags {
    let flags = [
        (order.nosuid, MountAttrFlags::MOUNT_ATTR_NOSUID),
        (order.noexec, MountAttrFlags::MOUNT_ATTR_NOEXEC),
        (order.nodev, MountAttrFlags::MOUNT_ATTR_NODEV),
    ];
    flags.into_iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| flag).collect()
}

/// The detached tree, when it can be made before the root exists.
fn prepare(order: &Mount) -> Outcome<Option<OwnedFd>> {
    match &order.source {
        Source::Bind { path, propagation } => {
            let tree = mounts::clone_tree(path).at(format_args!("bind source {}", path.display()))?;
            mounts::propagate(tree.as_fd(), *propagation).at("propagation")?;
            Ok(Some(tree))
        }
        Source::New { .. } | Source::Cgroups => Ok(None),
    }
}

fn place(root: BorrowedFd<'_>, order: &Mount, prepared: Option<OwnedFd>, blanks: &Path) -> io::Result<()> {
    let tree = match (&order.source, prepared) {
        (Source::New { kind, options }, _) => mounts::new_filesystem(kind, options, attributes(order))?,
        (Source::Cgroups, _) => return cgroups(root, order, blanks),
        (Source::Bind { .. }, Some(tree)) => tree,
        (Source::Bind { .. }, None) => return Err(io::Error::other("bind source was not opened")),
    };
    let directory = mounts::is_directory(tree.as_fd())?;
    let target = find_or_make(root, &order.target, directory)?;
    attach(tree.as_fd(), target.as_fd())?;
    if matches!(order.source, Source::Bind { .. }) && !attributes(order).is_empty() {
        mounts::restrict(tree.as_fd(), attributes(order))?;
    }
    if order.readonly {
        mounts::make_readonly(tree.as_fd(), order.recursive_readonly)?;
    }
    Ok(())
}

/// Within the cgroup namespace a new mount shows the container's own group as the root.
fn cgroups(root: BorrowedFd<'_>, order: &Mount, blanks: &Path) -> io::Result<()> {
    let trees = crate::cgroup::Trees::of_host()?;
    let flags =
        attributes(order) | if order.readonly { MountAttrFlags::MOUNT_ATTR_RDONLY } else { MountAttrFlags::empty() };
    if trees.is_unified() {
        let tree = mounts::new_filesystem("cgroup2", &[], flags)?;
        return attach(tree.as_fd(), find_or_make(root, &order.target, true)?.as_fd());
    }
    let top = match order.readonly {
        true => blank(&blanks.join(CGROUPS))?,
        false => mounts::new_filesystem("tmpfs", &[("mode".into(), Some("755".into()))], flags)?,
    };
    attach(top.as_fd(), find_or_make(root, &order.target, true)?.as_fd())?;
    for controller in LEGACY_CONTROLLERS.into_iter().filter(|name| trees.legacy.contains_key(*name)) {
        let tree = mounts::new_filesystem("cgroup", &[(controller.into(), None)], flags)?;
        attach(tree.as_fd(), find_or_make(root, &order.target.join(controller), true)?.as_fd())?;
    }
    Ok(())
}

/// One of the things that containers share, for none to write to.
fn blank(path: &Path) -> io::Result<OwnedFd> {
    let tree = mounts::clone_tree(path)?;
    let inert =
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC | MountAttrFlags::MOUNT_ATTR_NODEV;
    mounts::restrict(tree.as_fd(), inert | MountAttrFlags::MOUNT_ATTR_RDONLY)?;
    Ok(tree)
}

/// Everything goes through the root's descriptor: an image whose `/dev` is a link must not lead out of it.
fn populate_dev(root: BorrowedFd<'_>, devices: &[Device]) -> Outcome<()> {
    let umask = rustix::process::umask(Mode::empty());
    for path in NODES.map(|name| Path::new("/dev").join(name)) {
        make_node(root, &path, &path).at(path.display())?;
    }
    let dev = find(root, Path::new("/dev")).at("/dev")?;
    for (link, name) in LINKS {
        rustix::fs::symlinkat(link, &dev, name).at(format_args!("/dev/{name}"))?;
    }
    for device in devices {
        make_node(root, &device.path, &device.host_path).at(format_args!("device {}", device.path.display()))?;
    }
    rustix::process::umask(umask);
    Ok(())
}

/// A node like the host's. What the container may do with it is the device filter's matter. Existing ones stay.
fn make_node(root: BorrowedFd<'_>, path: &Path, host: &Path) -> io::Result<()> {
    let like = rustix::fs::stat(host)?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = find_or_make(root, parent, true)?;
    let (kind, mode) = (FileType::from_raw_mode(like.st_mode), Mode::from_raw_mode(like.st_mode & 0o777));
    let (user, group) = (Uid::from_raw(like.st_uid), Gid::from_raw(like.st_gid));
    match mknodat(&parent, name, kind, mode, like.st_rdev) {
        Ok(()) => Ok(chownat(&parent, name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)?),
        Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Masked files become the null device, masked directories empty; what does not exist needs no mask.
fn hide(root: BorrowedFd<'_>, launch: &Launch) -> Outcome<()> {
    for path in &launch.masked_paths {
        let Some(target) = existing(root, path).at("masked path")? else { continue };
        let tree = match mounts::is_directory(target.as_fd()).at("masked path")? {
            true => blank(&launch.blanks.join(EMPTY)),
            false => mounts::clone_tree(Path::new("/dev/null")),
        };
        attach(tree.at("mask")?.as_fd(), target.as_fd()).at(format_args!("masking {}", path.display()))?;
    }
    for path in &launch.readonly_paths {
        let Some(target) = existing(root, path).at("read-only path")? else { continue };
        let tree = mounts::clone_of(target.as_fd()).at("read-only path")?;
        attach(tree.as_fd(), target.as_fd()).at(format_args!("protecting {}", path.display()))?;
        mounts::make_readonly(tree.as_fd(), true).at(format_args!("protecting {}", path.display()))?;
    }
    Ok(())
}

fn existing(root: BorrowedFd<'_>, path: &Path) -> io::Result<Option<OwnedFd>> {
    match find(root, path) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// The old root ends up below the new one at the same place and is dropped from there.
fn enter(target: &Path) -> Outcome<()> {
    std::env::set_current_dir(target).at("root")?;
    rustix::process::pivot_root(".", ".").at("changing the root")?;
    unmount(".", UnmountFlags::DETACH).at("leaving the old root")?;
    std::env::set_current_dir("/").at("root")
}
