//! Images from archive files: what `docker save` writes, and OCI layouts.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::error::{ImageError, Result, Step};
use super::store::{ImageRecord, ImageStore};
use super::{config, digest, reference, unpack};

/// Documents are small; a larger one is not a document.
const LARGEST_DOCUMENT: u64 = 16 << 20;
const MOST_NESTED_INDEXES: u32 = 4;
const NAME_ANNOTATIONS: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEntry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    annotations: HashMap<String, String>,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
    architecture: String,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

/// The archive's files by name: where their bytes lie.
struct Contents {
    file: File,
    places: HashMap<String, (u64, u64)>,
}

impl Contents {
    fn read(path: &Path) -> Result<Contents> {
        let file = plain_file(path)?;
        let mut archive = tar::Archive::new(file.try_clone().step("archive")?);
        let mut places = HashMap::new();
        for entry in archive.entries_with_seek().step("archive")? {
            let entry = entry.step("archive")?;
            let name = unpack::relative(&entry.path_bytes())?.to_string_lossy().into_owned();
            places.insert(name, (entry.raw_file_position(), entry.size()));
        }
        Ok(Contents { file, places })
    }

    fn open(&self, name: &str) -> Result<impl Read + use<>> {
        let &(place, size) = self.places.get(name).ok_or_else(|| ImageError::Manifest(format!("{name} is missing")))?;
        // A handle of its own: duplicates would share one position.
        use std::os::fd::AsRawFd;
        let mut file = File::open(format!("/proc/self/fd/{}", self.file.as_raw_fd())).step("archive")?;
        file.seek(SeekFrom::Start(place)).step("archive")?;
        Ok(file.take(size))
    }

    fn document(&self, name: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(name)?.take(LARGEST_DOCUMENT).read_to_end(&mut bytes).step(name)?;
        Ok(bytes)
    }

    fn blob(&self, digest: &str) -> Result<Vec<u8>> {
        let bytes = self.document(&blob_name(digest))?;
        digest::check(&bytes, digest)?;
        Ok(bytes)
    }
}

fn blob_name(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

/// A compressed archive is unpacked to a nameless file first: layers are read out of order.
fn plain_file(path: &Path) -> Result<File> {
    let mut file = File::open(path).step(path.display())?;
    let mut start = [0; 4];
    let length = file.read(&mut start).step(path.display())?;
    file.rewind().step(path.display())?;
    if !start[..length].starts_with(&[0x1f, 0x8b]) && start != [0x28, 0xb5, 0x2f, 0xfd] {
        return Ok(file);
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut plain = linux::process::nameless_file(directory).step("decompressing an archive")?;
    std::io::copy(&mut unpack::decompress(file)?, &mut plain).step("decompressing an archive")?;
    plain.rewind().step("decompressing an archive")?;
    Ok(plain)
}

fn parse<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| ImageError::Manifest(format!("{name}: {error}")))
}

impl ImageStore {
    /// Adds every image of the archive. With a name given, the (only) image gets that name as well.
    pub fn import(&self, path: &Path, name: Option<&str>) -> Result<Vec<Arc<ImageRecord>>> {
        let contents = Contents::read(path)?;
        let names: Vec<String> = name.map(reference::normalize).transpose()?.into_iter().collect();
        if contents.places.contains_key("manifest.json") {
            let bytes = contents.document("manifest.json")?;
            let entries: Vec<DockerEntry> = parse("manifest.json", &bytes)?;
            return entries.iter().map(|entry| self.import_docker(&contents, entry, &names)).collect();
        }
        let bytes = contents.document("index.json")?;
        let index: Index = parse("index.json", &bytes)?;
        index.manifests.iter().map(|descriptor| self.import_oci(&contents, descriptor, &names)).collect()
    }

    /// For archives that somebody has laid beside the node: no registry may have them, so no collector takes them.
    pub fn import_pinned(&self, path: &Path) -> Result<Vec<Arc<ImageRecord>>> {
        self.import(path, None)?.iter().map(|image| self.pin(&image.id)).collect()
    }

    fn import_docker(&self, contents: &Contents, entry: &DockerEntry, names: &[String]) -> Result<Arc<ImageRecord>> {
        let config_bytes = contents.document(&entry.config)?;
        let layers = self.unpack_all(contents, &config_bytes, &entry.layers)?;
        let mut tags = names.to_vec();
        for tag in entry.repo_tags.iter().flatten() {
            tags.push(reference::normalize(tag)?);
        }
        self.add(&config_bytes, layers, &tags, &[])
    }

    fn import_oci(&self, contents: &Contents, descriptor: &Descriptor, names: &[String]) -> Result<Arc<ImageRecord>> {
        let (digest, bytes) = manifest_of(contents, descriptor, MOST_NESTED_INDEXES)?;
        let manifest: Manifest = parse("manifest", &bytes)?;
        let config_bytes = contents.blob(&manifest.config.digest)?;
        let files: Vec<String> = manifest.layers.iter().map(|layer| blob_name(&layer.digest)).collect();
        let layers = self.unpack_all(contents, &config_bytes, &files)?;
        let mut tags = names.to_vec();
        // A bare tag as annotation names nothing without a repository.
        let annotated = NAME_ANNOTATIONS.iter().filter_map(|key| descriptor.annotations.get(*key));
        tags.extend(
            annotated.filter(|name| name.contains(['/', ':'])).filter_map(|name| reference::normalize(name).ok()),
        );
        let digests = tags.iter().map(|tag| Ok(format!("{}@{digest}", reference::repository(&reference::parse(tag)?))));
        let digests = digests.collect::<Result<Vec<_>>>()?;
        self.add(&config_bytes, layers, &tags, &digests)
    }

    fn unpack_all(&self, contents: &Contents, config_bytes: &[u8], files: &[String]) -> Result<Vec<(String, u64)>> {
        let diff_ids = config::parse(config_bytes)?.rootfs.diff_ids;
        if diff_ids.len() != files.len() {
            return Err(ImageError::Manifest(format!("{} layers but {} digests", files.len(), diff_ids.len())));
        }
        let mut layers: Vec<(String, u64)> = Vec::new();
        for (diff_id, file) in diff_ids.iter().zip(files) {
            let below: Vec<String> = layers.iter().map(|(name, _)| name.clone()).collect();
            layers.push(self.add_layer(&below, diff_id, Box::new(contents.open(file)?))?);
        }
        Ok(layers)
    }
}

/// Follows indexes to the manifest for this machine.
fn manifest_of(contents: &Contents, descriptor: &Descriptor, depth: u32) -> Result<(String, Vec<u8>)> {
    let bytes = contents.blob(&descriptor.digest)?;
    if !descriptor.media_type.contains("index") && !descriptor.media_type.contains("manifest.list") {
        return Ok((descriptor.digest.clone(), bytes));
    }
    if depth == 0 {
        return Err(ImageError::Manifest("indexes are nested too deeply".into()));
    }
    let index: Index = parse("index", &bytes)?;
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let fits =
        |it: &&Descriptor| it.platform.as_ref().is_none_or(|it| it.os == "linux" && it.architecture == architecture);
    let chosen = index.manifests.iter().find(fits);
    manifest_of(contents, chosen.ok_or_else(|| ImageError::Manifest("no image for this machine".into()))?, depth - 1)
}
