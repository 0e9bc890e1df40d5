//! Pod sandboxes: namespaces, a cgroup, a network, and the record of all that.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cri::v1::*;
use linux::namespaces::{self, Handles, Kind, Setup};
use linux::supervise::CONTAINERS_DIR;

use crate::error::{Error, Result, Step, blocking};
use crate::network::PodAttachment;
use crate::open::{SANDBOXES_DIR, SHM_DIR};
use crate::records::{self, DRAFT_PREFIX, SandboxRecord};
use crate::runtime::HANDLERS;
use crate::{Containers, files, launch_order};

/// As every CRI runtime has it: a pod may bind low ports and ping without a capability.
const NETWORK_DEFAULTS: [(&str, &str); 2] =
    [("net.ipv4.ip_unprivileged_port_start", "0"), ("net.ipv4.ping_group_range", "0 2147483647")];

pub struct Sandbox {
    pub id: String,
    pub dir: PathBuf,
    pub config: Mutex<PodSandboxConfig>,
    state: Mutex<State>,
    /// Stop and remove take turns.
    turn: tokio::sync::Mutex<()>,
}

struct State {
    record: SandboxRecord,
    /// The supervisor holds its namespaces.
    pinned: bool,
}

/// Which namespaces the pod has of its own.
fn kinds(options: &NamespaceOption) -> Vec<Kind> {
    let node = NamespaceMode::Node as i32;
    let wanted = [(Kind::Net, options.network), (Kind::Ipc, options.ipc), (Kind::Uts, options.network)];
    wanted.into_iter().filter(|(_, mode)| *mode != node).map(|(kind, _)| kind).collect()
}

/// Silence about namespaces means a PID namespace for each container.
pub fn namespace_options(config: &PodSandboxConfig) -> NamespaceOption {
    let security = config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
    let given = security.and_then(|security| security.namespace_options.clone());
    given.unwrap_or(NamespaceOption { pid: NamespaceMode::Container.into(), ..NamespaceOption::default() })
}

fn is_host_network(config: &PodSandboxConfig) -> bool {
    namespace_options(config).network == NamespaceMode::Node as i32
}

/// Only what belongs to a namespace of the pod's own; everything else would change the host.
fn check_sysctl(name: &str, kinds: &[Kind]) -> Result<()> {
    let clean =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte)) && !name.contains("..");
    let net = name.starts_with("net.") && kinds.contains(&Kind::Net);
    let ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].iter().any(|it| name.starts_with(it));
    if clean && (net || ipc && kinds.contains(&Kind::Ipc)) {
        return Ok(());
    }
    Err(Error::Invalid(format!("sysctl {name:?} is not namespaced in this pod")))
}

fn sysctls(config: &PodSandboxConfig, kinds: &[Kind]) -> Result<Vec<(String, String)>> {
    let given = config.linux.iter().flat_map(|linux| &linux.sysctls);
    let defaults = NETWORK_DEFAULTS.iter().filter(|_| kinds.contains(&Kind::Net));
    let mut all: Vec<(String, String)> = defaults.map(|(name, value)| (name.to_string(), value.to_string())).collect();
    for (name, value) in given {
        check_sysctl(name, kinds)?;
        all.push((name.clone(), value.clone()));
    }
    Ok(all)
}

impl Sandbox {
    pub fn read(id: &str, dir: &Path, pinned: bool) -> Result<Sandbox> {
        let (config, record) = records::read(dir)?;
        Ok(Sandbox::new(id, dir, config, record, pinned))
    }

    fn new(id: &str, dir: &Path, config: PodSandboxConfig, record: SandboxRecord, pinned: bool) -> Sandbox {
        Sandbox {
            id: id.to_owned(),
            dir: dir.to_owned(),
            config: Mutex::new(config),
            state: Mutex::new(State { record, pinned }),
            turn: tokio::sync::Mutex::default(),
        }
    }

    pub fn config(&self) -> PodSandboxConfig {
        self.config.lock().expect("no holder panics").clone()
    }

    pub fn record(&self) -> SandboxRecord {
        self.state.lock().expect("no holder panics").record.clone()
    }

    pub fn set_pinned(&self, pinned: bool) {
        self.state.lock().expect("no holder panics").pinned = pinned;
    }

    fn change(&self, change: impl FnOnce(&mut SandboxRecord)) -> Result<()> {
        let mut state = self.state.lock().expect("no holder panics");
        change(&mut state.record);
        records::write_record(&self.dir, &state.record)
    }

    pub fn is_ready(&self) -> bool {
        let state = self.state.lock().expect("no holder panics");
        state.pinned && !state.record.stopped
    }

    fn state(&self) -> PodSandboxState {
        if self.is_ready() { PodSandboxState::SandboxReady } else { PodSandboxState::SandboxNotready }
    }

    pub fn listed(&self) -> PodSandbox {
        let (config, record) = (self.config(), self.record());
        PodSandbox {
            id: self.id.clone(),
            metadata: config.metadata,
            state: self.state().into(),
            created_at: record.created_at,
            labels: config.labels,
            annotations: config.annotations,
            runtime_handler: record.runtime_handler,
        }
    }

    pub fn status(&self) -> PodSandboxStatus {
        let (config, record) = (self.config(), self.record());
        let options = Some(namespace_options(&config));
        let mut ips = record.ips.into_iter();
        PodSandboxStatus {
            id: self.id.clone(),
            metadata: config.metadata,
            state: self.state().into(),
            created_at: record.created_at,
            network: Some(PodSandboxNetworkStatus {
                ip: ips.next().unwrap_or_default(),
                additional_ips: ips.map(|ip| PodIp { ip }).collect(),
            }),
            linux: Some(LinuxPodSandboxStatus { namespaces: Some(Namespace { options }) }),
            labels: config.labels,
            annotations: config.annotations,
            runtime_handler: record.runtime_handler,
        }
    }
}

impl Containers {
    pub(crate) async fn run_sandbox(&self, request: RunPodSandboxRequest) -> Result<String> {
        let config = request.config.ok_or_else(|| Error::Invalid("sandbox config is empty".into()))?;
        if !HANDLERS.contains(&request.runtime_handler.as_str()) {
            return Err(Error::Invalid(format!("no runtime for {:?} is configured", request.runtime_handler)));
        }
        let options = namespace_options(&config);
        if options
            .userns_options
            .as_ref()
            .is_some_and(|users| users.mode == NamespaceMode::Pod as i32 && !users.uids.is_empty())
        {
            return Err(Error::Invalid("user namespaces are not supported".into()));
        }
        let id = self.new_id();
        let kinds = kinds(&options);
        let setup = Setup { hostname: config.hostname.clone(), sysctls: sysctls(&config, &kinds)?, kinds };
        let sandbox = Arc::new(self.record_sandbox(&id, config, request.runtime_handler).await?);
        self.sandboxes.write().expect("no writer panics").insert(id.clone(), sandbox.clone());
        match self.bring_up(&sandbox, setup, options.pid == NamespaceMode::Pod as i32).await {
            Ok(()) => Ok(id),
            Err(error) => {
                if let Err(also) = self.remove_sandbox(&id).await {
                    tracing::warn!(sandbox = %id, error = %also, "a failed sandbox is left for the next removal");
                }
                Err(error)
            }
        }
    }

    async fn record_sandbox(&self, id: &str, config: PodSandboxConfig, runtime_handler: String) -> Result<Sandbox> {
        let parent = config.linux.as_ref().map(|linux| linux.cgroup_parent.trim_matches('/')).unwrap_or_default();
        let name = if parent.is_empty() { id } else { parent };
        let cgroup = format!("{}/{name}", self.config.cgroup_root);
        let record = SandboxRecord { created_at: self.now(), runtime_handler, cgroup, ..SandboxRecord::default() };
        let all = self.config.data_dir.join(SANDBOXES_DIR);
        let (draft, dir) = (all.join(format!("{DRAFT_PREFIX}{id}")), all.join(id));
        let id = id.to_owned();
        blocking(move || {
            std::fs::create_dir(&draft).step(draft.display())?;
            records::write(&draft, &config, &record)?;
            files::write(&draft, &config, is_host_network(&config))?;
            std::fs::rename(&draft, &dir).step(dir.display())?;
            Ok(Sandbox::new(&id, &dir, config, record, false))
        })
        .await
    }

    async fn bring_up(&self, sandbox: &Arc<Sandbox>, setup: Setup, shared_pid: bool) -> Result<()> {
        let (trees, subject) = (self.trees.clone(), sandbox.clone());
        let shm = self.config.data_dir.join(SHM_DIR).join(&sandbox.id);
        let handles = blocking(move || {
            let (record, config) = (subject.record(), subject.config());
            trees.create(&record.cgroup).step("cgroup")?;
            let limits = config.linux.as_ref().and_then(launch_order::pod_limits);
            limits.map_or(Ok(()), |limits| trees.limit(&record.cgroup, &limits)).step("cgroup")?;
            linux::process::make_shared_dir(&shm).step(shm.display())?;
            namespaces::create(setup).step("namespaces")
        })
        .await?;
        self.supervisor.pin(&sandbox.id, &handles, shared_pid).await.step("supervisor")?;
        sandbox.set_pinned(true);
        let ips = self.attach_network(sandbox, &handles).await?;
        sandbox.change(|record| record.ips = ips)
    }

    async fn attach_network(&self, sandbox: &Sandbox, handles: &Handles) -> Result<Vec<String>> {
        use std::os::fd::AsRawFd;
        let config = sandbox.config();
        let metadata = config.metadata.clone().unwrap_or_default();
        let handle = handles.iter().find(|(kind, _)| *kind == Kind::Net).map(|(_, handle)| handle.as_raw_fd());
        let netns = handle.map(|number| PathBuf::from(format!("/proc/{}/fd/{number}", std::process::id())));
        let pod = PodAttachment {
            sandbox_id: &sandbox.id,
            netns: netns.as_deref(),
            namespace: &metadata.namespace,
            name: &metadata.name,
            uid: &metadata.uid,
            annotations: &config.annotations,
            port_mappings: &config.port_mappings,
            host_network: is_host_network(&config),
        };
        let ips = self.network.attach(pod).await.map_err(Error::Network)?;
        Ok(ips.iter().map(ToString::to_string).collect())
    }

    pub(crate) async fn stop_sandbox(&self, id: &str) -> Result<()> {
        let Ok(sandbox) = self.sandbox(id) else { return Ok(()) };
        let _turn = sandbox.turn.lock().await;
        let members = self.containers_of(id);
        let kills = members.iter().map(|container| async {
            let _start_is_over = container.turn.lock().await;
            self.kill_container(container).await
        });
        futures::future::try_join_all(kills).await?;
        if sandbox.record().stopped {
            return Ok(());
        }
        self.network.detach(id).await.map_err(Error::Network)?;
        self.supervisor.unpin(id).await.step("supervisor")?;
        sandbox.change(|record| record.stopped = true)
    }

    pub(crate) async fn remove_sandbox(&self, id: &str) -> Result<()> {
        let Ok(sandbox) = self.sandbox(id) else { return Ok(()) };
        self.stop_sandbox(id).await?;
        for container in self.containers_of(id) {
            self.remove_container(&container.id).await?;
        }
        let (trees, root) = (self.trees.clone(), self.config.cgroup_root.clone());
        let shm = self.config.data_dir.join(SHM_DIR).join(id);
        let subject = sandbox.clone();
        blocking(move || {
            remove_group(&trees, &subject.record().cgroup, &root)?;
            crate::error::remove_tree(&shm)?;
            records::discard(&subject.dir)
        })
        .await?;
        self.sandboxes.write().expect("no writer panics").remove(id);
        Ok(())
    }

    pub(crate) async fn update_sandbox(&self, request: UpdatePodSandboxResourcesRequest) -> Result<()> {
        let sandbox = self.sandbox(&request.pod_sandbox_id)?;
        let mut config = sandbox.config();
        let linux = config.linux.get_or_insert_default();
        (linux.overhead, linux.resources) = (request.overhead, request.resources);
        if let Some(limits) = launch_order::pod_limits(linux) {
            self.trees.limit(&sandbox.record().cgroup, &limits).step("cgroup")?;
        }
        records::write_config(&sandbox.dir, &config)?;
        *sandbox.config.lock().expect("no holder panics") = config;
        Ok(())
    }

    /// Opens a pod's network namespace; `None` when it is the host's.
    pub(crate) async fn pod_network(&self, sandbox: &Sandbox) -> Result<Option<std::os::fd::OwnedFd>> {
        if is_host_network(&sandbox.config()) {
            return Ok(None);
        }
        let listing = self.supervisor.list().await.step("supervisor")?;
        let pinned = listing.sandboxes.iter().find(|pinned| pinned.id == sandbox.id);
        let net = pinned.and_then(|pinned| pinned.namespaces.iter().find(|(kind, _)| *kind == Kind::Net));
        let (_, number) = net.ok_or_else(|| Error::State(format!("sandbox {:?} is not running", sandbox.id)))?;
        let path = format!("/proc/{}/fd/{number}", listing.supervisor);
        Ok(Some(std::fs::File::open(&path).step(path)?.into()))
    }

    pub(crate) fn containers_dir(&self) -> PathBuf {
        self.supervisor.root().join(CONTAINERS_DIR)
    }
}

/// The pod's group with all below it, then the groups above that have become empty.
fn remove_group(trees: &linux::cgroup::Trees, path: &str, root: &str) -> Result<()> {
    trees.kill(path).step("cgroup")?;
    trees.remove(path).step("cgroup")?;
    let mut parent = Path::new(path).parent();
    while let Some(path) = parent.filter(|path| *path != Path::new(root) && path.starts_with(root)) {
        trees.remove_if_empty(&path.to_string_lossy());
        parent = path.parent();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, kinds: &[Kind], expect: bool) {
        assert_eq!(check_sysctl(name, kinds).is_ok(), expect, "{name} {kinds:?}");
    }

    #[test]
    fn sysctls_stay_in_the_pods_namespaces() {
        let all = [Kind::Net, Kind::Ipc];
        check("net.ipv4.ip_local_port_range", &all, true);
        check("net.core.somaxconn", &[Kind::Ipc], false);
        check("kernel.shmmax", &all, true);
        check("kernel.shmmax", &[Kind::Net], false);
        check("fs.mqueue.msg_max", &all, true);
        check("kernel.core_pattern", &all, false);
        check("vm.swappiness", &all, false);
        check("net/../kernel/core_pattern", &all, false);
        check("net.ipv4.x\n", &all, false);
        check("net./../../x", &all, false);
    }
}
