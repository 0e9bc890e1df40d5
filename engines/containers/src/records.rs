//! What stands on disk for each sandbox and container: CRI's own message, and what only this runtime knows.

use std::io;
use std::path::Path;

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Step};

const CONFIG_FILE: &str = "config.pb";
const RECORD_FILE: &str = "record.json";
/// Directories that are being made or removed: a crash leaves them, the next start clears them away.
pub const DRAFT_PREFIX: &str = ".draft-";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SandboxRecord {
    pub created_at: i64,
    pub runtime_handler: String,
    pub cgroup: String,
    #[serde(default)]
    pub ips: Vec<String>,
    #[serde(default)]
    pub stopped: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ContainerRecord {
    pub sandbox_id: String,
    pub created_at: i64,
    pub image_id: String,
    pub layers: Vec<String>,
    pub cgroup: String,
    pub log_path: String,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    /// The number of the signal that asks it to end.
    pub stop_signal: i32,
}

pub fn write<R: Serialize>(directory: &Path, config: &impl Message, record: &R) -> Result<()> {
    let path = directory.join(CONFIG_FILE);
    std::fs::write(&path, config.encode_to_vec()).step(path.display())?;
    write_record(directory, record)
}

pub fn write_record<R: Serialize>(directory: &Path, record: &R) -> Result<()> {
    let path = directory.join(RECORD_FILE);
    linux::launch::write_record(&path, record).step(path.display())
}

/// The messages are small next to the disk: an update replaces the whole.
pub fn write_config(directory: &Path, config: &impl Message) -> Result<()> {
    let (path, draft) = (directory.join(CONFIG_FILE), directory.join("config.draft"));
    std::fs::write(&draft, config.encode_to_vec()).step(path.display())?;
    std::fs::rename(&draft, &path).step(path.display())
}

pub fn read<C: Message + Default, R: serde::de::DeserializeOwned>(directory: &Path) -> Result<(C, R)> {
    let path = directory.join(CONFIG_FILE);
    let bytes = std::fs::read(&path).step(path.display())?;
    let config = C::decode(bytes.as_slice())
        .map_err(|error| Error::Record { path: path.display().to_string(), reason: error.to_string() })?;
    let path = directory.join(RECORD_FILE);
    let record = linux::launch::read_record(&path).step(path.display())?;
    let missing = || Error::Record { path: path.display().to_string(), reason: "is missing".into() };
    Ok((config, record.ok_or_else(missing)?))
}

/// The ids in a directory of records; half-made and half-removed entries are cleared away.
pub fn list(directory: &Path) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(directory).step(directory.display())? {
        let path = entry.step(directory.display())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(DRAFT_PREFIX) {
            crate::error::remove_tree(&path)?;
        } else if path.is_dir() {
            ids.push(name);
        }
    }
    Ok(ids)
}

/// From here on the directory does not count any more, wherever its removal stops.
pub fn discard(directory: &Path) -> Result<()> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let doomed = directory.with_file_name(format!("{DRAFT_PREFIX}{name}"));
    match std::fs::rename(directory, &doomed) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        outcome => outcome.step(directory.display())?,
    }
    crate::error::remove_tree(&doomed)
}
