//! A path of the machine itself, of the type that the pod expects.

use super::VolumeError;
use k8s_openapi::api::core::v1::HostPathVolumeSource;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub fn prepare(source: &HostPathVolumeSource) -> Result<PathBuf, VolumeError> {
    let path = PathBuf::from(&source.path);
    let found = fs::metadata(&path);
    let is = |test: fn(&FileType) -> bool| found.as_ref().is_ok_and(|m: &Metadata| test(&m.file_type()));
    let wanted = source.type_.as_deref().unwrap_or_default();
    let refuse =
        |what: &str| Err(VolumeError::HostPath(format!("hostPath type check failed: {} is not {what}", source.path)));
    match wanted {
        "DirectoryOrCreate" if found.is_err() => create_directory(&path).map_err(VolumeError::Io)?,
        "FileOrCreate" if found.is_err() => create_file(&path).map_err(VolumeError::Io)?,
        "Directory" | "DirectoryOrCreate" if !is(FileType::is_dir) => return refuse("a directory"),
        "File" | "FileOrCreate" if !is(FileType::is_file) => return refuse("a file"),
        "Socket" if !is(FileTypeExt::is_socket) => return refuse("a socket file"),
        "CharDevice" if !is(FileTypeExt::is_char_device) => return refuse("a character device"),
        "BlockDevice" if !is(FileTypeExt::is_block_device) => return refuse("a block device"),
        _ => {}
    }
    Ok(path)
}

fn create_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

fn create_file(path: &Path) -> io::Result<()> {
    fs::File::create_new(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_checked_and_made() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str, kind: &str| {
            let path = root.path().join(name).to_string_lossy().into_owned();
            prepare(&HostPathVolumeSource { path, type_: Some(kind.into()) }).map(|p| p.is_dir()).ok()
        };
        assert_eq!(at("d", "Directory"), None);
        assert_eq!(at("d", "DirectoryOrCreate"), Some(true));
        assert_eq!(at("d", "Directory"), Some(true));
        assert_eq!(at("d", "File"), None);
        assert_eq!(at("f", "FileOrCreate"), Some(false));
        assert_eq!(at("f", "Socket"), None);
        assert_eq!(at("nowhere", ""), Some(false));
    }
}
