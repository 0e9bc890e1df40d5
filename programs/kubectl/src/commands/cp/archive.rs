//! The archive that carries files: packed here for a container, or unpacked from one without leaving the destination.

use crate::failure::Failure;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Builder, Entry, EntryType};

/// Into a folder a file goes under its own name.
pub fn destination(from: &Path, to: &str, is_folder: bool) -> String {
    let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let to = if to.len() > 1 { to.trim_end_matches('/') } else { to };
    match (is_folder, to) {
        (false, to) => to.to_string(),
        (true, "/") => format!("/{name}"),
        (true, to) => format!("{to}/{name}"),
    }
}

/// The folder and the name in it.
pub fn divided(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        None => (".", path),
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
    }
}

pub fn pack(from: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let mut builder = Builder::new(Vec::new());
    builder.follow_symlinks(false);
    match fs::metadata(from)?.is_dir() {
        true => builder.append_dir_all(name, from)?,
        false => builder.append_path_with_name(fs::canonicalize(from)?, name)?,
    }
    Ok(builder.into_inner()?)
}

/// Writes what was archived under `root` to the destination; says what was left out.
pub fn unpack(bytes: &[u8], root: &str, to: &Path) -> Result<Vec<String>, Failure> {
    let root = inside(Path::new(root));
    let to = match to.is_dir() {
        true => to.join(root.file_name().unwrap_or_default()),
        false => to.to_path_buf(),
    };
    let (mut complaints, mut count) = (Vec::new(), 0);
    for entry in Archive::new(bytes).entries()? {
        let mut entry = entry?;
        count += 1;
        let path = inside(&entry.path()?);
        let Ok(rest) = path.strip_prefix(&root) else {
            return Err(Failure::text("tar contents corrupted"));
        };
        let place = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
        complaints.extend(write(&mut entry, &place)?);
    }
    match count {
        0 => Err(Failure::text(format!("no files were found at {}", root.display()))),
        _ => Ok(complaints),
    }
}

/// A path without what would lead out of where it stands.
fn inside(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => drop(clean.pop()),
            _ => {}
        }
    }
    clean
}

fn write(entry: &mut Entry<'_, impl Read>, place: &Path) -> Result<Option<String>, Failure> {
    match entry.header().entry_type() {
        EntryType::Directory => fs::create_dir_all(place)?,
        EntryType::Symlink | EntryType::Link => {
            let link = entry.link_name()?.unwrap_or_default().display().to_string();
            let (place, link) = (place.display().to_string(), meta::quote(&link));
            return Ok(Some(format!("warning: skipping symlink: {} -> {link}", meta::quote(&place))));
        }
        EntryType::Regular => {
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder)?;
            }
            std::io::copy(entry, &mut fs::File::create(place)?)?;
        }
        other => return Ok(Some(format!("warning: skipping {}: {other:?}", place.display()))),
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_into_folders_under_their_names() {
        for (from, to, is_folder, expect) in [
            ("a.txt", "/tmp", true, "/tmp/a.txt"),
            ("a.txt", "/tmp/", true, "/tmp/a.txt"),
            ("x/a.txt", "/", true, "/a.txt"),
            ("a.txt", "/tmp/b.txt", false, "/tmp/b.txt"),
        ] {
            assert_eq!(destination(Path::new(from), to, is_folder), expect);
        }
        assert_eq!(divided("/tmp/a"), ("/tmp", "a"));
        assert_eq!(divided("/a"), ("/", "a"));
        assert_eq!(divided("a"), (".", "a"));
    }

    #[test]
    fn folders_come_back_as_they_went() {
        let base = std::env::temp_dir().join(format!("kubectl-cp-{}", std::process::id()));
        let source = base.join("source");
        fs::create_dir_all(source.join("deep")).expect("a folder");
        fs::write(source.join("deep/file"), "hello").expect("a file");
        let bytes = pack(&source, "var/data").expect("an archive");
        let there = base.join("there");
        assert_eq!(unpack(&bytes, "/var/data", &there).expect("files"), Vec::<String>::new());
        assert_eq!(fs::read_to_string(there.join("deep/file")).expect("the file"), "hello");
        assert!(unpack(&bytes, "/etc", &there).is_err());
        fs::remove_dir_all(&base).expect("ours");
    }

    #[test]
    fn nothing_leaves_the_destination() {
        assert_eq!(inside(Path::new("/../../etc/./x/../y")), Path::new("etc/y"));
    }
}
