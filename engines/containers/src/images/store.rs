//! The images of this node: a record file each, and the layer directories that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use serde::{Deserialize, Serialize};

use super::config::{self, ImageConfig};
use super::error::{ImageError, Result, Step};
use super::{digest, reference, unpack};

/// Enough of a digest to never meet twice on one machine; mount options must hold a hundred of them.
const LAYER_NAME_LENGTH: usize = 20;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// `sha256:` and the digest of the config document.
    pub id: String,
    pub tags: BTreeSet<String>,
    pub digests: BTreeSet<String>,
    /// Names of layer directories, bottom first.
    pub layers: Vec<String>,
    pub size: u64,
    #[serde(default)]
    pub pinned: bool,
    pub config: ImageConfig,
}

/// Where a layer's compressed content comes from.
pub type LayerSource<'a> = Box<dyn std::io::Read + Send + 'a>;

pub struct ImageStore {
    records_dir: PathBuf,
    layers_dir: PathBuf,
    limits: unpack::Limits,
    images: RwLock<BTreeMap<String, Arc<ImageRecord>>>,
    /// Layers come and go one at a time; readers of records do not wait for it.
    writing: Mutex<()>,
    drafts: AtomicU64,
}

impl ImageStore {
    pub fn open(data_dir: &Path, limits: unpack::Limits) -> Result<ImageStore> {
        let (records_dir, layers_dir) = (data_dir.join("images"), data_dir.join("layers"));
        for directory in [&records_dir, &layers_dir] {
            std::fs::create_dir_all(directory).step(directory.display())?;
        }
        let store = ImageStore {
            images: RwLock::new(read_records(&records_dir)?),
            records_dir,
            layers_dir,
            limits,
            writing: Mutex::new(()),
            drafts: AtomicU64::new(0),
        };
        store.remove_drafts()?;
        Ok(store)
    }

    pub fn layers_dir(&self) -> &Path {
        &self.layers_dir
    }

    pub fn list(&self) -> Vec<Arc<ImageRecord>> {
        self.images.read().expect("no writer panics").values().cloned().collect()
    }

    /// By id, name or digest.
    pub fn find(&self, name: &str) -> Option<Arc<ImageRecord>> {
        let images = self.images.read().expect("no writer panics");
        if reference::is_image_id(name) {
            let id = format!("sha256:{}", name.strip_prefix("sha256:").unwrap_or(name));
            if let Some((_, image)) = images.range(id.clone()..).next().filter(|(known, _)| known.starts_with(&id)) {
                return Some(image.clone());
            }
        }
        let name = reference::normalize(name).ok()?;
        images.values().find(|image| image.tags.contains(&name) || image.digests.contains(&name)).cloned()
    }

    /// Unpacks a layer onto those below it, unless that was done before.
    pub fn add_layer(&self, below: &[String], diff_id: &str, content: LayerSource<'_>) -> Result<(String, u64)> {
        let name = layer_name(below, diff_id);
        let size_file = self.layers_dir.join(format!("{name}.size"));
        if let Ok(size) = std::fs::read_to_string(&size_file) {
            return Ok((name, size.trim().parse().unwrap_or(0)));
        }
        let draft = self.draft_dir()?;
        let lower: Vec<PathBuf> = below.iter().rev().map(|layer| self.layers_dir.join(layer)).collect();
        let unpacked = unpack::unpack(content, diff_id, &draft, &lower, &self.limits);
        self.settle(&draft, &name, unpacked)
    }

    /// A layer that is filled by other means than an archive.
    pub fn add_layer_with(&self, identity: &str, fill: impl FnOnce(&Path) -> Result<u64>) -> Result<(String, u64)> {
        let name = layer_name(&[], identity);
        if let Ok(size) = std::fs::read_to_string(self.layers_dir.join(format!("{name}.size"))) {
            return Ok((name, size.trim().parse().unwrap_or(0)));
        }
        let draft = self.draft_dir()?;
        let filled = fill(&draft);
        self.settle(&draft, &name, filled)
    }

    fn draft_dir(&self) -> Result<PathBuf> {
        let number = self.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = self.layers_dir.join(format!(".draft-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&draft).step("making a layer")?;
        Ok(draft)
    }

    /// The content is on disk before the name is; the size file is the sign that both are.
    fn settle(&self, draft: &Path, name: &str, unpacked: Result<u64>) -> Result<(String, u64)> {
        let size = unpacked.inspect_err(|_| {
            let _ = std::fs::remove_dir_all(draft); // the next start removes what stays
        })?;
        let _turn = self.writing.lock().expect("no writer panics");
        let (target, sign) = (self.layers_dir.join(name), self.layers_dir.join(format!("{name}.size")));
        if sign.exists() {
            // Somebody else was faster, and containers may use his already.
            std::fs::remove_dir_all(draft).step("dropping a layer that is here already")?;
            return Ok((name.to_owned(), size));
        }
        if target.exists() {
            std::fs::remove_dir_all(&target).step("replacing a half-made layer")?;
        }
        let directory = std::fs::File::open(draft).step("syncing a layer")?;
        linux::process::sync_filesystem(&directory).step("syncing a layer")?;
        std::fs::rename(draft, &target).step("keeping a layer")?;
        std::fs::write(&sign, size.to_string()).step("keeping a layer")?;
        Ok((name.to_owned(), size))
    }

    /// Adds an image whose layers are here; a tag that another image had moves over.
    pub fn add(
        &self,
        config_bytes: &[u8],
        layers: Vec<(String, u64)>,
        tags: &[String],
        digests: &[String],
    ) -> Result<Arc<ImageRecord>> {
        let document = config::parse(config_bytes)?;
        let id = digest::of(config_bytes);
        let size = config_bytes.len() as u64 + layers.iter().map(|(_, size)| size).sum::<u64>();
        let mut record = ImageRecord {
            id: id.clone(),
            layers: layers.into_iter().map(|(name, _)| name).collect(),
            size,
            config: document.config.unwrap_or_default(),
            ..ImageRecord::default()
        };
        let mut images = self.images.write().expect("no writer panics");
        if let Some(known) = images.get(&id) {
            (record.tags, record.digests, record.pinned) = (known.tags.clone(), known.digests.clone(), known.pinned);
        }
        record.tags.extend(tags.iter().cloned());
        record.digests.extend(digests.iter().cloned());
        for other in
            images.values_mut().filter(|other| other.id != id && tags.iter().any(|tag| other.tags.contains(tag)))
        {
            let mut without = ImageRecord::clone(other);
            without.tags.retain(|tag| !tags.contains(tag));
            self.write(&without)?;
            *other = Arc::new(without);
        }
        self.write(&record)?;
        let record = Arc::new(record);
        images.insert(id, record.clone());
        Ok(record)
    }

    /// No collector may take this image.
    pub fn pin(&self, id: &str) -> Result<Arc<ImageRecord>> {
        let mut images = self.images.write().expect("no writer panics");
        let image = images.get_mut(id).ok_or_else(|| ImageError::NotFound(id.to_owned()))?;
        let pinned = Arc::new(ImageRecord { pinned: true, ..ImageRecord::clone(image) });
        self.write(&pinned)?;
        *image = pinned.clone();
        Ok(pinned)
    }

    fn write(&self, record: &ImageRecord) -> Result<()> {
        let path = self.records_dir.join(format!("{}.json", record.id.trim_start_matches("sha256:")));
        linux::launch::write_record(&path, record).step(path.display())
    }

    /// Takes the name away; with its last name, or named by id, the image goes, and layers that nothing else needs.
    pub fn remove(&self, name: &str, needed: &BTreeSet<String>) -> Result<()> {
        let Some(image) = self.find(name) else { return Ok(()) };
        let mut images = self.images.write().expect("no writer panics");
        let mut rest = ImageRecord::clone(&image);
        if !reference::is_image_id(name) {
            let name = reference::normalize(name)?;
            rest.tags.retain(|tag| *tag != name);
            rest.digests.retain(|digest| *digest != name);
            if !rest.tags.is_empty() {
                self.write(&rest)?;
                images.insert(image.id.clone(), Arc::new(rest));
                return Ok(());
            }
        }
        let path = self.records_dir.join(format!("{}.json", image.id.trim_start_matches("sha256:")));
        std::fs::remove_file(&path).step(path.display())?;
        images.remove(&image.id);
        let used: BTreeSet<&String> = images.values().flat_map(|image| &image.layers).chain(needed).collect();
        let unused: Vec<String> = image.layers.iter().filter(|layer| !used.contains(layer)).cloned().collect();
        drop(images);
        unused.iter().try_for_each(|layer| self.remove_layer(layer))
    }

    /// The sign goes first: a crash in between leaves a layer that is made anew.
    fn remove_layer(&self, name: &str) -> Result<()> {
        let _turn = self.writing.lock().expect("no writer panics");
        let sign = self.layers_dir.join(format!("{name}.size"));
        match std::fs::remove_file(&sign) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).step(sign.display()),
            _ => {}
        }
        std::fs::remove_dir_all(self.layers_dir.join(name)).step("removing a layer")
    }

    fn remove_drafts(&self) -> Result<()> {
        for entry in std::fs::read_dir(&self.layers_dir).step("layers")? {
            let path = entry.step("layers")?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".draft-")) {
                std::fs::remove_dir_all(&path).step("removing a half-made layer")?;
            }
        }
        Ok(())
    }
}

/// The same layer on other layers unpacks differently: implied directories and hard links come from below.
fn layer_name(below: &[String], diff_id: &str) -> String {
    let chain = format!("{} {diff_id}", below.join(" "));
    digest::of(chain.as_bytes())["sha256:".len()..][..LAYER_NAME_LENGTH].to_owned()
}

fn read_records(directory: &Path) -> Result<BTreeMap<String, Arc<ImageRecord>>> {
    let mut records = BTreeMap::new();
    for entry in std::fs::read_dir(directory).step("images")? {
        let path = entry.step("images")?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let record: Option<ImageRecord> = linux::launch::read_record(&path).step(path.display())?;
        let record = record.ok_or_else(|| ImageError::NotFound(path.display().to_string()))?;
        records.insert(record.id.clone(), Arc::new(record));
    }
    Ok(records)
}
