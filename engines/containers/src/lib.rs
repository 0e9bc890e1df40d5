//! I/O: the embedded CRI runtime.
//!
//! Truth is on disk (records), in the supervisor (what runs) and in the kernel; what this crate holds in memory is a
//! cache of those, rebuilt by [`Containers::open`] after any kind of end.

mod container;
mod error;
mod events;
mod files;
pub mod images;
mod launch_order;
mod life;
mod network;
mod open;
mod records;
mod reset;
mod runtime;
mod sandbox;
mod sessions;
mod stats;
mod users;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};

use clock::Clock;
use cri::v1::ContainerEventResponse;
use linux::cgroup::{DeviceFilter, Trees};
use linux::supervise::Supervisor;
use tokio::sync::broadcast;

pub use error::Error;
pub use images::builtin;
pub use network::{LoopbackOnly, NetworkError, PodAttachment, PodNetwork};

/// How the runtime is set up.
#[derive(Clone)]
pub struct Config {
    /// Everything lives below this directory, on a filesystem that overlayfs can write to.
    pub data_dir: PathBuf,
    /// The group, below the root of each tree, that holds all groups of this runtime.
    pub cgroup_root: String,
    /// The executable that becomes the supervisor; its `main` begins with `linux::init::maybe_run()`.
    pub program: PathBuf,
    pub registries: images::Registries,
    pub layer_limits: images::Limits,
    pub clock: Arc<dyn Clock>,
}

impl Config {
    pub fn new(data_dir: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Config {
        Config {
            data_dir: data_dir.into(),
            cgroup_root: "k1s".into(),
            program: "/proc/self/exe".into(),
            registries: images::Registries::default(),
            layer_limits: images::Limits::default(),
            clock,
        }
    }
}

/// The runtime.
pub struct Containers {
    config: Config,
    images: Arc<images::ImageStore>,
    network: Arc<dyn PodNetwork>,
    trees: Trees,
    /// Absent where the kernel takes no device programs.
    device_filter: Option<DeviceFilter>,
    supervisor: Supervisor,
    sandboxes: RwLock<BTreeMap<String, Arc<sandbox::Sandbox>>>,
    containers: RwLock<BTreeMap<String, Arc<container::Container>>>,
    events: broadcast::Sender<ContainerEventResponse>,
    /// After a reset nothing is started again.
    closed: AtomicBool,
}

impl Containers {
    fn now(&self) -> i64 {
        self.config.clock.now().as_nanosecond() as i64
    }

    fn new_id(&self) -> String {
        (0..4).map(|_| format!("{:016x}", self.config.clock.random())).collect()
    }

    fn sandbox(&self, id: &str) -> error::Result<Arc<sandbox::Sandbox>> {
        let sandboxes = self.sandboxes.read().expect("no writer panics");
        sandboxes.get(id).cloned().ok_or_else(|| Error::NotFound(format!("sandbox {id:?} not found")))
    }

    fn container(&self, id: &str) -> error::Result<Arc<container::Container>> {
        let containers = self.containers.read().expect("no writer panics");
        containers.get(id).cloned().ok_or_else(|| Error::NotFound(format!("container {id:?} not found")))
    }

    fn all_sandboxes(&self) -> Vec<Arc<sandbox::Sandbox>> {
        self.sandboxes.read().expect("no writer panics").values().cloned().collect()
    }

    fn all_containers(&self) -> Vec<Arc<container::Container>> {
        self.containers.read().expect("no writer panics").values().cloned().collect()
    }

    fn containers_of(&self, sandbox_id: &str) -> Vec<Arc<container::Container>> {
        let mut found = self.all_containers();
        found.retain(|container| container.record.sandbox_id == sandbox_id);
        found
    }
}

fn reference_name(spec: Option<cri::v1::ImageSpec>) -> error::Result<String> {
    let name = spec.map(|spec| spec.image).unwrap_or_default();
    if name.is_empty() { Err(Error::Invalid("image name is empty".into())) } else { Ok(name) }
}
