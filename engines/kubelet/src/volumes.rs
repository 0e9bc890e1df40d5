//! A pod's volumes on this machine: made before its containers, kept fresh while they run, taken away after.

pub mod atomic;
pub mod host_path;
pub mod mounts;
pub mod ownership;
pub mod subpath;
pub mod tokens;
pub mod usage;

use crate::context::Context;
use crate::references::Contents;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{EmptyDirVolumeSource, Pod, Volume};
use meta::Quantity;
use podplan::fields::Surroundings;
use podplan::spec::{spec, uid};
use podplan::volume_files::{FilesError, Materials, files};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokens::Tokens;

#[derive(Debug)]
pub enum VolumeError {
    Io(io::Error),
    Files(FilesError),
    HostPath(String),
    Token(meta::Status),
    NoPlugin,
}

impl fmt::Display for VolumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VolumeError::Io(error) => error.fmt(f),
            VolumeError::Files(error) => error.fmt(f),
            VolumeError::HostPath(text) => f.write_str(text),
            VolumeError::Token(status) => write!(f, "failed to fetch token: {status}"),
            VolumeError::NoPlugin => f.write_str("no volume plugin matched"),
        }
    }
}

impl std::error::Error for VolumeError {}

impl From<io::Error> for VolumeError {
    fn from(error: io::Error) -> VolumeError {
        VolumeError::Io(error)
    }
}

/// What failed, of which volume.
#[derive(Debug)]
pub struct Failure {
    pub volume: String,
    pub error: VolumeError,
}

/// Where a volume stands.
#[derive(Clone, Debug)]
pub struct Place {
    pub path: PathBuf,
    /// Its kind allows no writing, whatever the mount says.
    pub read_only: bool,
}

#[derive(Default)]
pub struct Volumes {
    places: BTreeMap<String, Place>,
    tokens: Tokens,
}

impl Volumes {
    pub fn place(&self, name: &str) -> Option<&Place> {
        self.places.get(name)
    }

    /// When a token must be asked for anew.
    pub fn due(&self) -> Option<Timestamp> {
        self.tokens.due()
    }

    /// Makes or freshens every volume; the first failure is told and the rest left for the next attempt.
    pub async fn prepare(
        &mut self,
        context: &Context,
        pod: &Pod,
        contents: &Contents,
        pod_ips: &[String],
    ) -> Result<(), Failure> {
        for volume in spec(pod).volumes.iter().flatten() {
            let failed = |error| Failure { volume: volume.name.clone(), error };
            self.tokens.renew(context, pod, volume).await.map_err(|status| failed(VolumeError::Token(status)))?;
            let place = self.one(context, pod, volume, contents, pod_ips).map_err(failed)?;
            self.places.insert(volume.name.clone(), place);
        }
        Ok(())
    }

    fn one(
        &self,
        context: &Context,
        pod: &Pod,
        volume: &Volume,
        contents: &Contents,
        pod_ips: &[String],
    ) -> Result<Place, VolumeError> {
        if let Some(source) = &volume.host_path {
            return Ok(Place { path: host_path::prepare(source)?, read_only: false });
        }
        if let Some(source) = &volume.empty_dir {
            let path = volume_dir(context, pod, "empty-dir", &volume.name);
            if !self.places.contains_key(&volume.name) {
                empty_dir(context, pod, source, &path)?;
            }
            return Ok(Place { path, read_only: false });
        }
        let allocatable = context.allocatable();
        let around = Surroundings { pod_ips, node: &context.facts, allocatable: &allocatable };
        let materials = Materials { pod, sources: contents, around, tokens: self.tokens.of(&volume.name) };
        let files = files(volume, &materials).ok_or(VolumeError::NoPlugin)?.map_err(VolumeError::Files)?;
        let path = volume_dir(context, pod, plugin(volume), &volume.name);
        // A fresh directory is named by the moment, and by chance where two share one.
        let moment = context.clock.now().strftime("%Y_%m_%d_%H_%M_%S").to_string();
        let stamp = format!("{moment}.{}", context.clock.random() % 10_000_000_000);
        if !path.is_dir() {
            fs::create_dir_all(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777))?;
            group(pod, &path, true)?;
        }
        atomic::write(&path, &files, &stamp, |fresh| group(pod, fresh, true))?;
        Ok(Place { path, read_only: true })
    }
}

fn plugin(volume: &Volume) -> &'static str {
    match () {
        () if volume.config_map.is_some() => "configmap",
        () if volume.secret.is_some() => "secret",
        () if volume.downward_api.is_some() => "downward-api",
        () => "projected",
    }
}

pub(crate) fn volume_dir(context: &Context, pod: &Pod, plugin: &str, name: &str) -> PathBuf {
    context.pod_dir(uid(pod)).join("volumes").join(format!("kubernetes.io~{plugin}")).join(name)
}

fn group(pod: &Pod, path: &Path, read_only: bool) -> io::Result<()> {
    let security = spec(pod).security_context.as_ref();
    let Some(group) = security.and_then(|s| s.fs_group).and_then(|g| u32::try_from(g).ok()) else { return Ok(()) };
    let lazily = security.and_then(|s| s.fs_group_change_policy.as_deref()) == Some("OnRootMismatch");
    ownership::give_to_group(path, group, read_only, lazily)
}

/// A directory that was there before is kept as it is: its pod was adopted.
fn empty_dir(context: &Context, pod: &Pod, source: &EmptyDirVolumeSource, path: &Path) -> Result<(), VolumeError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    if source.medium.as_deref() == Some("Memory") {
        let size = source.size_limit.as_ref().and_then(|q| Quantity::parse(&q.0).ok()).map(|q| q.value());
        let size = size.filter(|s| *s > 0).and_then(|s| u64::try_from(s).ok());
        context.mounts.memory(path, size)?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o777))?;
    group(pod, path, false)?;
    Ok(())
}

/// Takes a pod's volumes away; its directory stays for whoever still needs it.
pub fn remove(context: &Context, pod_uid: &str) -> io::Result<()> {
    subpath::remove_all(&*context.mounts, &context.pod_dir(pod_uid))?;
    let volumes = context.pod_dir(pod_uid).join("volumes");
    for name in entries(&volumes.join("kubernetes.io~empty-dir"))? {
        context.mounts.unmount(&name)?;
    }
    remove_tree(&volumes)
}

/// Takes everything of a pod away that is on this machine's disk.
pub fn remove_directory(context: &Context, pod_uid: &str) -> io::Result<()> {
    remove(context, pod_uid)?;
    remove_tree(&context.pod_dir(pod_uid))
}

fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| entry.map(|e| e.path())).collect(),
    }
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
