//! What the fake remembers: sandboxes, containers, images, and what it was told to do.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::sync::watch;

use super::script::{ImageScript, LogLine};
use crate::Error;
use crate::v1::*;

const FIRST_NET: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 0);
const HOSTS_PER_NET: u32 = 254;

#[derive(Default)]
pub(super) struct Model {
    pub scripts: HashMap<String, ImageScript>,
    pub failures: HashMap<&'static str, VecDeque<Error>>,
    pub latencies: HashMap<&'static str, Duration>,
    pub calls: Vec<&'static str>,
    pub images: BTreeMap<String, Image>,
    pub sandboxes: BTreeMap<String, FakeSandbox>,
    pub containers: BTreeMap<String, FakeContainer>,
    pub net: u32,
    pub addresses_given: u32,
}

pub(super) struct FakeSandbox {
    pub id: String,
    pub config: PodSandboxConfig,
    pub runtime_handler: String,
    pub created_at: i64,
    pub ready: bool,
    pub ip: String,
}

pub(super) struct FakeContainer {
    pub id: String,
    pub sandbox_id: String,
    pub config: ContainerConfig,
    pub image_id: String,
    pub created_at: i64,
    pub started_at: i64,
    pub finished_at: i64,
    pub state: ContainerState,
    pub reason: String,
    pub message: String,
    pub exited: watch::Sender<Option<i32>>,
    pub logs: Vec<LogLine>,
    pub log_path: String,
    pub cpu_nanos: u64,
    pub memory_bytes: u64,
    pub stop_takes: Duration,
}

impl Model {
    pub fn sandbox(&mut self, id: &str) -> Result<&mut FakeSandbox, Error> {
        self.sandboxes.get_mut(id).ok_or_else(|| Error::NotFound(format!("sandbox {id:?} not found")))
    }

    pub fn container(&mut self, id: &str) -> Result<&mut FakeContainer, Error> {
        self.containers.get_mut(id).ok_or_else(|| Error::NotFound(format!("container {id:?} not found")))
    }

    /// The next address of the net that no sandbox uses: one that has ended has given its own back.
    pub fn next_address(&mut self) -> Result<String, Error> {
        for _ in 0..HOSTS_PER_NET {
            let host = self.addresses_given % HOSTS_PER_NET + 1;
            self.addresses_given = self.addresses_given.wrapping_add(1);
            let address = Ipv4Addr::from(u32::from(FIRST_NET).wrapping_add(self.net * 256 + host)).to_string();
            if !self.sandboxes.values().any(|sandbox| sandbox.ready && sandbox.ip == address) {
                return Ok(address);
            }
        }
        Err(Error::Internal(format!("no address is left of {HOSTS_PER_NET}")))
    }

    pub fn running(&self) -> Vec<String> {
        let running = |it: &&FakeContainer| it.state == ContainerState::ContainerRunning;
        self.containers.values().filter(running).map(|it| it.id.clone()).collect()
    }

    pub fn of_sandbox(&self, sandbox_id: &str) -> Vec<String> {
        self.containers.values().filter(|it| it.sandbox_id == sandbox_id).map(|it| it.id.clone()).collect()
    }

    pub fn add_image(&mut self, name: &str) -> String {
        let script = self.scripts.get(name).cloned().unwrap_or_default();
        let id = format!("sha256:{}", stretched_hash(name));
        let image = Image {
            id: id.clone(),
            repo_tags: vec![name.to_owned()],
            repo_digests: vec![format!("{}@{id}", name.split(':').next().unwrap_or(name))],
            size: script.size,
            uid: script.uid.map(|value| Int64Value { value }),
            username: script.username,
            spec: Some(ImageSpec { image: name.to_owned(), ..ImageSpec::default() }),
            pinned: false,
        };
        self.images.insert(name.to_owned(), image);
        id
    }

    pub fn image(&self, name: &str) -> Option<&Image> {
        self.images.get(name).or_else(|| self.images.values().find(|image| image.id == name))
    }

    pub fn script_of(&self, container_id: &str) -> Option<&ImageScript> {
        let container = self.containers.get(container_id)?;
        let name = self.images.iter().find(|(_, image)| image.id == container.image_id).map(|(name, _)| name)?;
        self.scripts.get(name)
    }

    pub fn event(&self, container_id: &str, kind: ContainerEventType, now: i64) -> ContainerEventResponse {
        let sandbox = self.containers.get(container_id).and_then(|it| self.sandboxes.get(&it.sandbox_id));
        let siblings = sandbox.map(|sandbox| self.of_sandbox(&sandbox.id)).unwrap_or_default();
        ContainerEventResponse {
            container_id: container_id.to_owned(),
            container_event_type: kind.into(),
            created_at: now,
            pod_sandbox_status: sandbox.map(FakeSandbox::status),
            containers_statuses: siblings.iter().map(|id| self.containers[id].status()).collect(),
        }
    }
}

impl FakeSandbox {
    pub fn state(&self) -> PodSandboxState {
        if self.ready { PodSandboxState::SandboxReady } else { PodSandboxState::SandboxNotready }
    }

    pub fn listed(&self) -> PodSandbox {
        PodSandbox {
            id: self.id.clone(),
            metadata: self.config.metadata.clone(),
            state: self.state().into(),
            created_at: self.created_at,
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            runtime_handler: self.runtime_handler.clone(),
        }
    }

    pub fn status(&self) -> PodSandboxStatus {
        let options = self.config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
        PodSandboxStatus {
            id: self.id.clone(),
            metadata: self.config.metadata.clone(),
            state: self.state().into(),
            created_at: self.created_at,
            network: Some(PodSandboxNetworkStatus { ip: self.ip.clone(), additional_ips: vec![] }),
            linux: Some(LinuxPodSandboxStatus {
                namespaces: Some(Namespace { options: options.and_then(|it| it.namespace_options.clone()) }),
            }),
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            runtime_handler: self.runtime_handler.clone(),
        }
    }
}

impl FakeContainer {
    pub fn command(&self) -> Vec<String> {
        [self.config.command.as_slice(), self.config.args.as_slice()].concat()
    }

    /// False when it was not running: an exit happens once.
    pub fn finish(&mut self, now: i64, code: i32, reason: &str) -> bool {
        if self.state != ContainerState::ContainerRunning {
            return false;
        }
        self.state = ContainerState::ContainerExited;
        self.finished_at = now;
        self.reason = reason.to_owned();
        self.exited.send_replace(Some(code));
        true
    }

    pub fn exit_code(&self) -> i32 {
        self.exited.borrow().unwrap_or(0)
    }

    pub fn listed(&self) -> Container {
        Container {
            id: self.id.clone(),
            pod_sandbox_id: self.sandbox_id.clone(),
            metadata: self.config.metadata.clone(),
            image: self.config.image.clone(),
            image_ref: self.image_id.clone(),
            state: self.state.into(),
            created_at: self.created_at,
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            image_id: self.image_id.clone(),
        }
    }

    pub fn status(&self) -> ContainerStatus {
        let linux = self.config.linux.as_ref();
        ContainerStatus {
            id: self.id.clone(),
            metadata: self.config.metadata.clone(),
            state: self.state.into(),
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            exit_code: self.exit_code(),
            image: self.config.image.clone(),
            image_ref: self.image_id.clone(),
            reason: self.reason.clone(),
            message: self.message.clone(),
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            mounts: self.config.mounts.clone(),
            log_path: self.log_path.clone(),
            resources: linux.map(|it| ContainerResources { linux: it.resources.clone(), windows: None }),
            image_id: self.image_id.clone(),
            user: None,
            stop_signal: self.config.stop_signal,
        }
    }

    pub fn stats(&self, now: i64) -> ContainerStats {
        let usage = |value| Some(UInt64Value { value });
        ContainerStats {
            attributes: Some(ContainerAttributes {
                id: self.id.clone(),
                metadata: self.config.metadata.clone(),
                labels: self.config.labels.clone(),
                annotations: self.config.annotations.clone(),
            }),
            cpu: Some(CpuUsage {
                timestamp: now,
                usage_core_nano_seconds: usage(self.cpu_nanos),
                ..CpuUsage::default()
            }),
            memory: Some(MemoryUsage {
                timestamp: now,
                working_set_bytes: usage(self.memory_bytes),
                usage_bytes: usage(self.memory_bytes),
                ..MemoryUsage::default()
            }),
            ..ContainerStats::default()
        }
    }
}

/// 64 hex digits that depend on the name alone (FNV-1a, stretched): the fake's idea of a digest.
fn stretched_hash(name: &str) -> String {
    let fnv = |seed: u64| {
        name.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    };
    (0..4).map(|seed| format!("{:016x}", fnv(seed))).collect()
}
