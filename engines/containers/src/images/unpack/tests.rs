use std::collections::BTreeMap;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};

use super::*;

/// What an archive holds: one call an entry.
struct Archive(tar::Builder<Vec<u8>>);

impl Archive {
    fn new() -> Archive {
        Archive(tar::Builder::new(Vec::new()))
    }

    fn put(mut self, kind: tar::EntryType, path: &str, link: &str, body: &str) -> Archive {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(body.len() as u64);
        header.set_mode(if kind.is_dir() { 0o750 } else { 0o640 });
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.as_gnu_mut().expect("gnu").linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, body.as_bytes()).expect("an entry");
        self
    }

    fn file(self, path: &str, body: &str) -> Archive {
        self.put(tar::EntryType::Regular, path, "", body)
    }

    fn dir(self, path: &str) -> Archive {
        self.put(tar::EntryType::Directory, path, "", "")
    }

    fn link(self, path: &str, target: &str) -> Archive {
        self.put(tar::EntryType::Symlink, path, target, "")
    }

    fn hard(self, path: &str, target: &str) -> Archive {
        self.put(tar::EntryType::Link, path, target, "")
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("an archive")
    }
}

/// Unpacked layers, bottom first; needs root, as owners and whiteouts do.
struct Layers {
    base: tempfile::TempDir,
    dirs: Vec<PathBuf>,
}

impl Layers {
    fn new() -> Option<Layers> {
        if !linux::process::is_root() {
            eprintln!("skipped: layers are unpacked as root only");
            return None;
        }
        Some(Layers { base: tempfile::tempdir().expect("a directory"), dirs: Vec::new() })
    }

    fn add(&mut self, archive: Archive) -> Result<()> {
        self.add_bytes(&archive.bytes(), &Limits::default())
    }

    fn add_bytes(&mut self, bytes: &[u8], limits: &Limits) -> Result<()> {
        let into = self.base.path().join(self.dirs.len().to_string());
        std::fs::create_dir_all(&into).expect("a directory");
        let lower: Vec<PathBuf> = self.dirs.iter().rev().cloned().collect();
        let plain = {
            let mut plain = Vec::new();
            decompress(bytes)?.read_to_end(&mut plain).step("reading")?;
            plain
        };
        unpack(bytes, &digest::of(&plain), &into, &lower, limits)?;
        self.dirs.push(into);
        Ok(())
    }

    /// Every path of the top layer: contents of files, `->` of links, `/` of directories, `x` of whiteouts.
    fn top(&self) -> BTreeMap<String, String> {
        let root = self.dirs.last().expect("a layer");
        let (mut found, mut ahead) = (BTreeMap::new(), vec![root.clone()]);
        while let Some(dir) = ahead.pop() {
            for entry in std::fs::read_dir(dir).expect("a directory") {
                let path = entry.expect("an entry").path();
                let kind = path.symlink_metadata().expect("there").file_type();
                let text = match kind {
                    _ if kind.is_dir() => "/".to_owned(),
                    _ if kind.is_symlink() => format!("->{}", path.read_link().expect("a link").display()),
                    _ if kind.is_char_device() => "x".to_owned(),
                    _ => std::fs::read_to_string(&path).expect("a file"),
                };
                if kind.is_dir() {
                    ahead.push(path.clone());
                }
                found.insert(path.strip_prefix(root).expect("below").display().to_string(), text);
            }
        }
        found
    }
}

fn check(layers: Vec<Archive>, expect: &[(&str, &str)]) {
    let Some(mut unpacked) = Layers::new() else { return };
    for layer in layers {
        unpacked.add(layer).expect("unpacked");
    }
    let expect: BTreeMap<String, String> = expect.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    assert_eq!(unpacked.top(), expect);
}

#[test]
fn entries_become_files() {
    check(
        vec![Archive::new().dir("./").dir("a/").file("a/b", "text").link("c", "a/b").hard("d", "a/b")],
        &[("a", "/"), ("a/b", "text"), ("c", "->a/b"), ("d", "text")],
    );
    check(
        vec![Archive::new().file("/abs/x", "1").file("./dot/y", "2")],
        &[("abs", "/"), ("abs/x", "1"), ("dot", "/"), ("dot/y", "2")],
    );
    check(vec![Archive::new().file("a", "1").file("a", "2")], &[("a", "2")]);
    check(vec![Archive::new().file("a", "1").dir("a/").file("a/b", "2")], &[("a", "/"), ("a/b", "2")]);
    check(vec![Archive::new().dir("a/").file("a/b", "2").link("a", "c")], &[("a", "->c")]);
}

#[test]
fn deletions_are_whiteouts() {
    let base = || Archive::new().file("a/b", "1").file("a/c", "2").file("d", "3");
    check(vec![base(), Archive::new().file("a/.wh.b", "").file(".wh.d", "")], &[("a", "/"), ("a/b", "x"), ("d", "x")]);
    check(vec![base(), Archive::new().file("a/.wh..wh..opq", "").file("a/n", "4")], &[("a", "/"), ("a/n", "4")]);
}

#[test]
fn links_below_lead_where_they_point() {
    let base = || Archive::new().dir("usr/").dir("usr/lib/").link("lib", "usr/lib");
    check(vec![base(), Archive::new().file("lib/x", "1")], &[("usr", "/"), ("usr/lib", "/"), ("usr/lib/x", "1")]);
    let absolute = || Archive::new().dir("run/").dir("var/").link("var/run", "/run");
    check(vec![absolute(), Archive::new().file("var/run/x", "1")], &[("run", "/"), ("run/x", "1")]);
}

#[test]
fn hard_links_reach_the_layer_below() {
    check(vec![Archive::new().file("a", "1"), Archive::new().hard("b", "a")], &[("b", "1")]);
    let Some(mut unpacked) = Layers::new() else { return };
    assert!(matches!(unpacked.add(Archive::new().hard("b", "absent")), Err(ImageError::Entry { .. })));
}

#[test]
fn nothing_leaves_the_layer() {
    let outside = tempfile::tempdir().expect("a directory");
    let out = outside.path().to_str().expect("text").to_owned();
    let up = format!("../../../../../../../..{out}");
    let Some(mut unpacked) = Layers::new() else { return };
    assert!(unpacked.add(Archive::new().file("../x", "1")).is_err());
    assert!(unpacked.add(Archive::new().file("a/../../x", "1")).is_err());
    unpacked.add(Archive::new().link("l", &out).file("l/x", "1")).expect("contained");
    unpacked.add(Archive::new().link("m", &up).file("m/y", "1").file("l/z", "2")).expect("contained");
    assert!(unpacked.add(Archive::new().hard("h", "../../../../../../etc/passwd")).is_err());
    assert!(unpacked.add(Archive::new().link("loop", "loop").file("loop/x", "1")).is_err());
    assert_eq!(std::fs::read_dir(outside.path()).expect("there").count(), 0);
}

#[test]
fn implied_directories_look_like_those_below() {
    let Some(mut unpacked) = Layers::new() else { return };
    unpacked.add(Archive::new().dir("a/")).expect("unpacked");
    unpacked.add(Archive::new().file("a/b", "1").file("new/c", "2")).expect("unpacked");
    let mode = |path: &str| unpacked.dirs[1].join(path).metadata().expect("there").permissions().mode() & 0o7777;
    assert_eq!((mode("a"), mode("new"), mode("a/b")), (0o750, 0o755, 0o640));
    assert_eq!(unpacked.dirs[1].join("a").metadata().expect("there").uid(), 0);
}

#[test]
fn limits_and_digests_hold() {
    let Some(mut unpacked) = Layers::new() else { return };
    let archive = || Archive::new().file("a", "12345").file("b", "12345").bytes();
    let bytes = Limits { bytes: 9, ..Limits::default() };
    assert!(matches!(unpacked.add_bytes(&archive(), &bytes), Err(ImageError::Limit("bytes"))));
    let entries = Limits { entries: 1, ..Limits::default() };
    assert!(matches!(unpacked.add_bytes(&archive(), &entries), Err(ImageError::Limit("entries"))));
    let into = unpacked.base.path().join("wrong");
    std::fs::create_dir_all(&into).expect("a directory");
    let wrong = unpack(archive().as_slice(), "sha256:00", &into, &[], &Limits::default());
    assert!(matches!(wrong, Err(ImageError::Digest { .. })));
}

#[test]
fn compressed_layers_are_recognised() {
    use std::io::Write;
    let plain = Archive::new().file("a", "1").bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).expect("compressing");
    let zstd = zstd::encode_all(plain.as_slice(), 1).expect("compressing");
    for bytes in [plain, gzip.finish().expect("compressing"), zstd] {
        let Some(mut unpacked) = Layers::new() else { return };
        unpacked.add_bytes(&bytes, &Limits::default()).expect("unpacked");
        assert_eq!(unpacked.top(), [("a".to_owned(), "1".to_owned())].into());
    }
}
