//! Images that come with the program: made from bytes and from the program's own executable.
//!
//! The executable becomes a hard link where the filesystem allows, so the image costs no disk and its pages are shared
//! with the running program; otherwise it is copied once. A dynamically linked one brings the libraries it has loaded.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::config::ImageConfig;
use super::error::{ImageError, Result, Step};
use super::store::{ImageRecord, ImageStore};
use super::{digest, reference};

pub enum Content {
    Bytes(Vec<u8>),
    /// The program that is running, to be started under another name.
    OwnExecutable,
}

pub struct BuiltinImage<'a> {
    pub name: &'a str,
    /// Absolute path in the image, mode, content.
    pub files: Vec<(PathBuf, u32, Content)>,
    pub config: ImageConfig,
}

impl ImageStore {
    /// Idempotent; an upgraded program replaces its image. Such images are pinned: no collector takes them.
    pub fn add_builtin(&self, image: &BuiltinImage<'_>) -> Result<Arc<ImageRecord>> {
        let name = reference::normalize(image.name)?;
        let identity = identity(image)?;
        let layer = self.add_layer_with(&identity, |directory| fill(directory, image))?;
        let document = json!({
            "os": "linux",
            "config": image.config,
            "rootfs": { "type": "layers", "diff_ids": [identity] },
        });
        let record = self.add(&serde_json::to_vec(&document).step("config")?, vec![layer], &[name], &[])?;
        self.pin(&record.id)
    }
}

fn own_executable() -> Result<PathBuf> {
    std::env::current_exe().step("own executable")
}

/// What stands for the content: digests of bytes, and of the executable what changes whenever it does.
fn identity(image: &BuiltinImage<'_>) -> Result<String> {
    use std::os::unix::fs::MetadataExt;
    let mut parts: BTreeMap<String, String> = BTreeMap::new();
    for (path, mode, content) in &image.files {
        let of_content = match content {
            Content::Bytes(bytes) => digest::of(bytes),
            Content::OwnExecutable => {
                let stat = own_executable()?.metadata().step("own executable")?;
                format!("{} {} {}.{}", stat.ino(), stat.len(), stat.mtime(), stat.mtime_nsec())
            }
        };
        parts.insert(path.display().to_string(), format!("{mode:o} {of_content}"));
    }
    Ok(digest::of(format!("{parts:?}").as_bytes()))
}

fn fill(directory: &Path, image: &BuiltinImage<'_>) -> Result<u64> {
    let mut size = 0;
    for (path, mode, content) in &image.files {
        let target = place(directory, path)?;
        match content {
            Content::Bytes(bytes) => {
                std::fs::write(&target, bytes).step(path.display())?;
                set_mode(&target, *mode)?;
                size += bytes.len() as u64;
            }
            Content::OwnExecutable => {
                size += link_or_copy(&own_executable()?, &target)?;
                size += add_libraries(directory)?;
            }
        }
    }
    Ok(size)
}

fn place(directory: &Path, path: &Path) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let relative = super::unpack::relative(path.as_os_str().as_bytes())?;
    let target = directory.join(relative);
    let parent =
        target.parent().ok_or(ImageError::Entry { path: path.display().to_string(), reason: "has no name" })?;
    std::fs::create_dir_all(parent).step(path.display())?;
    Ok(target)
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).step(path.display())
}

/// Returns the bytes that it costs.
fn link_or_copy(source: &Path, target: &Path) -> Result<u64> {
    match std::fs::hard_link(source, target) {
        Ok(()) => Ok(0),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(0),
        Err(_) => std::fs::copy(source, target).step(source.display()), // another filesystem, or none that links
    }
}

/// Copies what this process has loaded, under the names that its loader looks for.
fn add_libraries(directory: &Path) -> Result<u64> {
    let maps = std::fs::read_to_string("/proc/self/maps").step("own libraries")?;
    let mut size = 0;
    for library in libraries(&maps) {
        let target = place(directory, &library)?;
        if !target.exists() {
            size += std::fs::copy(&library, &target).step(library.display())?;
        }
    }
    let loader = linux::process::loader(&own_executable()?).step("own loader")?;
    if let Some(loader) = loader {
        let target = place(directory, &loader)?;
        if !target.exists() {
            size += std::fs::copy(&loader, &target).step(loader.display())?;
        }
    }
    Ok(size)
}

/// Shared objects among the mappings, each once.
fn libraries(maps: &str) -> Vec<PathBuf> {
    let paths = maps.lines().filter_map(|line| line.find('/').map(|start| &line[start..]));
    let mut found: Vec<PathBuf> = paths.filter(|path| is_library(path)).map(PathBuf::from).collect();
    found.sort();
    found.dedup();
    found
}

fn is_library(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".so") || name.contains(".so.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_among_mappings() {
        let maps = "5581-5582 r-xp 0 fe:00 12 /usr/bin/k1s\n\
                    7f01-7f02 r--p 0 fe:00 13 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
                    7f02-7f03 r-xp 0 fe:00 13 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
                    7f04-7f05 r-xp 0 fe:00 14 /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2\n\
                    7ffe-7fff rw-p 0 00:00 0 [stack]\n7f06-7f07 rw-p 0 00:00 0 \n\
                    7f08-7f09 r-xp 0 fe:00 15 /lib/x.so\n7f10-7f11 r--p 0 0 /usr/share/solutions.txt";
        let expect =
            ["/lib/x.so", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "/usr/lib/x86_64-linux-gnu/libc.so.6"];
        assert_eq!(libraries(maps), expect.map(PathBuf::from));
    }
}
