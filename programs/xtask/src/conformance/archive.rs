//! One image as an archive that `docker load` and the node's import read: a layer, its configuration, a list.

use crate::failure::Failure;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// The files of an image, all owned by root.
pub struct Layer {
    builder: Builder<Vec<u8>>,
    directories: BTreeSet<String>,
    files: BTreeSet<String>,
}

impl Layer {
    pub fn new() -> Layer {
        Layer { builder: Builder::new(Vec::new()), directories: BTreeSet::new(), files: BTreeSet::new() }
    }

    pub fn directory(&mut self, path: &str, mode: u32) -> Result<(), Failure> {
        self.parents(path)?;
        if self.directories.insert(path.to_string()) {
            let mut header = header(EntryType::Directory, mode);
            self.builder.append_data(&mut header, path, std::io::empty()).map_err(Failure::io(path))?;
        }
        Ok(())
    }

    /// The first file of a name stays.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<(), Failure> {
        self.parents(path)?;
        if self.files.insert(path.to_string()) {
            let mut header = header(EntryType::Regular, mode);
            header.set_size(content.len() as u64);
            self.builder.append_data(&mut header, path, content).map_err(Failure::io(path))?;
        }
        Ok(())
    }

    pub fn link(&mut self, path: &str, target: &str) -> Result<(), Failure> {
        self.parents(path)?;
        if self.files.insert(path.to_string()) {
            let mut header = header(EntryType::Symlink, 0o777);
            self.builder.append_link(&mut header, path, target).map_err(Failure::io(path))?;
        }
        Ok(())
    }

    fn parents(&mut self, path: &str) -> Result<(), Failure> {
        match path.rsplit_once('/') {
            Some((parent, _)) => self.directory(parent, 0o755),
            None => Ok(()),
        }
    }

    /// Writes the archive of an image of this layer under those names; `config` is what a container starts with.
    pub fn write(self, path: &Path, names: &[&str], config: &Value) -> Result<(), Failure> {
        let layer = self.builder.into_inner().map_err(Failure::io(path.display()))?;
        let digest = digest(&layer);
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{digest}")]},
        });
        let (config, layer_name) = (config.to_string(), format!("{digest}/layer.tar"));
        let config_name = format!("{}.json", self::digest(config.as_bytes()));
        let list = json!([{"Config": config_name, "RepoTags": names, "Layers": [layer_name]}]).to_string();
        let file = std::fs::File::create(path).map_err(Failure::io(path.display()))?;
        let mut archive = Builder::new(file);
        for (name, content) in
            [(&*config_name, config.as_bytes()), (&*layer_name, &layer), ("manifest.json", list.as_bytes())]
        {
            let mut header = header(EntryType::Regular, 0o644);
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, name, content).map_err(Failure::io(path.display()))?;
        }
        archive.finish().map_err(Failure::io(path.display()))
    }
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_names_each_parent_once_and_keeps_first_files() {
        let mut layer = Layer::new();
        layer.file("a/b/c", 0o755, b"one").unwrap();
        layer.file("a/b/c", 0o755, b"two").unwrap();
        layer.link("a/b/d", "c").unwrap();
        let bytes = layer.builder.into_inner().unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let paths: Vec<_> =
            archive.entries().unwrap().map(|e| e.unwrap().path().unwrap().display().to_string()).collect();
        assert_eq!(paths, ["a", "a/b", "a/b/c", "a/b/d"]);
    }
}
