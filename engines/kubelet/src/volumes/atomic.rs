//! Files that change all at once: they stand in a directory named by time, `..data` points to it, and each name points
//! through `..data`. Whoever reads sees all of the old files or all of the new ones.

use podplan::volume_files::{File, Files};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Component, Path};

const DATA: &str = "..data";
const DATA_NEXT: &str = "..data_tmp";

/// True when something changed. `stamp` names the new directory and must be new.
pub fn write(root: &Path, files: &Files, stamp: &str, prepare: impl Fn(&Path) -> io::Result<()>) -> io::Result<bool> {
    fs::create_dir_all(root)?;
    let before = fs::read_link(root.join(DATA)).ok();
    if let Some(before) = &before
        && same(&root.join(before), files)?
    {
        return Ok(false);
    }
    let fresh = root.join(format!("..{stamp}"));
    fill(&fresh, files)?;
    prepare(&fresh)?;
    let next = root.join(DATA_NEXT);
    remove_if_there(fs::remove_file(&next))?;
    symlink(format!("..{stamp}"), &next)?;
    fs::rename(&next, root.join(DATA))?;
    link_names(root, files)?;
    if let Some(before) = before {
        remove_if_there(fs::remove_dir_all(root.join(before)))?;
    }
    Ok(true)
}

fn remove_if_there(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn same(directory: &Path, files: &Files) -> io::Result<bool> {
    let mut count = 0;
    for (path, file) in files {
        match fs::read(directory.join(path)) {
            Ok(bytes) if bytes == file.bytes => count += 1,
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(count == files.len() && count_files(directory)? == count)
}

fn count_files(directory: &Path) -> io::Result<usize> {
    let mut count = 0;
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        count += if entry.file_type()?.is_dir() { count_files(&entry.path())? } else { 1 };
    }
    Ok(count)
}

fn fill(directory: &Path, files: &Files) -> io::Result<()> {
    fs::create_dir(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    for (path, File { bytes, mode, user }) in files {
        let target = directory.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&target, bytes)?;
        fs::set_permissions(&target, fs::Permissions::from_mode(*mode))?;
        if user.is_some() {
            chown(&target, *user, None)?;
        }
    }
    Ok(())
}

/// Names that a user sees, each once; those that are gone are removed.
fn link_names(root: &Path, files: &Files) -> io::Result<()> {
    let wanted: BTreeSet<String> = files.keys().filter_map(|path| top(path)).collect();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with("..") && !wanted.contains(&name) {
            fs::remove_file(entry.path())?;
        }
    }
    for name in wanted {
        match symlink(format!("{DATA}/{name}"), root.join(&name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
    }
    Ok(())
}

fn top(path: &str) -> Option<String> {
    match Path::new(path).components().next()? {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        let file = |text: &str| File { bytes: text.into(), mode: 0o644, user: None };
        list.iter().map(|(path, text)| ((*path).to_owned(), file(text))).collect()
    }

    #[test]
    fn files_change_all_at_once_and_only_then() {
        let root = tempfile::tempdir().unwrap();
        let put = |list: &[(&str, &str)], stamp: &str| write(root.path(), &files(list), stamp, |_| Ok(())).unwrap();
        assert!(put(&[("a", "1"), ("d/b", "2")], "t1"));
        assert_eq!(fs::read_to_string(root.path().join("d/b")).unwrap(), "2");
        assert!(!put(&[("a", "1"), ("d/b", "2")], "t2"));
        assert!(put(&[("a", "3")], "t3"));
        assert_eq!(fs::read_to_string(root.path().join("a")).unwrap(), "3");
        assert!(!root.path().join("d").exists());
        let mut left: Vec<_> = fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["..data", "..t3", "a"]);
    }
}
