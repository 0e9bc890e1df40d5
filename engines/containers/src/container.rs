//! Containers: from a request to a record and a launch order, and through start, stop and removal.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cri::v1::*;
use linux::launch::{LAUNCH_FILE, Launch};
use tokio::sync::watch;

use crate::error::{Error, Result, Step, blocking};
use crate::images::ImageRecord;
use crate::launch_order::{self, Surroundings};
use crate::life::{Life, ended_within};
use crate::open::{BLANKS_DIR, SHM_DIR};
use crate::records::{self, ContainerRecord, DRAFT_PREFIX};
use crate::sandbox::Sandbox;
use crate::{Containers, reference_name};

/// After SIGKILL only the kernel stands between a process and its end.
const KILL_PATIENCE: Duration = Duration::from_secs(60);
const SIGKILL: i32 = 9;

pub struct Container {
    pub id: String,
    pub dir: PathBuf,
    pub config: Mutex<ContainerConfig>,
    pub record: ContainerRecord,
    pub life: watch::Sender<Life>,
    /// Start, stop and removal take turns where they must not meet.
    pub turn: tokio::sync::Mutex<()>,
    /// Time and CPU nanoseconds of the last sample.
    pub last_cpu: Mutex<Option<(i64, u64)>>,
}

impl Container {
    pub fn read(id: &str, dir: &Path) -> Result<Container> {
        let (config, record) = records::read(dir)?;
        Ok(Container::new(id, dir, config, record, Life::read(dir)?))
    }

    fn new(id: &str, dir: &Path, config: ContainerConfig, record: ContainerRecord, life: Life) -> Container {
        Container {
            id: id.to_owned(),
            dir: dir.to_owned(),
            config: Mutex::new(config),
            record,
            life: watch::Sender::new(life),
            turn: tokio::sync::Mutex::default(),
            last_cpu: Mutex::default(),
        }
    }

    pub fn config(&self) -> ContainerConfig {
        self.config.lock().expect("no holder panics").clone()
    }

    pub fn launch_order(&self) -> Result<Launch> {
        let order = linux::launch::read_record(&self.dir.join(LAUNCH_FILE)).step(&self.id)?;
        order.ok_or_else(|| Error::State(format!("container {:?} has no launch order", self.id)))
    }

    pub fn listed(&self) -> cri::v1::Container {
        let config = self.config();
        cri::v1::Container {
            id: self.id.clone(),
            pod_sandbox_id: self.record.sandbox_id.clone(),
            metadata: config.metadata,
            image: config.image,
            image_ref: self.record.image_id.clone(),
            state: self.life.borrow().state().into(),
            created_at: self.record.created_at,
            labels: config.labels,
            annotations: config.annotations,
            image_id: self.record.image_id.clone(),
        }
    }

    pub fn status(&self) -> ContainerStatus {
        let (config, life) = (self.config(), self.life.borrow().clone());
        let state = life.state();
        let exit = life.exit.unwrap_or_else(|| linux::launch::Exit {
            code: 0,
            reason: String::new(),
            message: String::new(),
            finished_at: 0,
        });
        let resources = config.linux.and_then(|linux| linux.resources);
        ContainerStatus {
            id: self.id.clone(),
            metadata: config.metadata,
            state: state.into(),
            created_at: self.record.created_at,
            started_at: life.started.map_or(0, |started| started.started_at),
            finished_at: exit.finished_at,
            exit_code: exit.code,
            image: config.image,
            image_ref: self.record.image_id.clone(),
            reason: exit.reason,
            message: exit.message,
            labels: config.labels,
            annotations: config.annotations,
            mounts: config.mounts,
            log_path: self.record.log_path.clone(),
            resources: resources.map(|linux| ContainerResources { linux: Some(linux), windows: None }),
            image_id: self.record.image_id.clone(),
            user: Some(self.user()),
            stop_signal: config.stop_signal,
        }
    }

    fn user(&self) -> ContainerUser {
        let record = &self.record;
        let supplemental_groups = record.groups.iter().map(|gid| i64::from(*gid)).collect();
        let linux = LinuxContainerUser { uid: record.uid.into(), gid: record.gid.into(), supplemental_groups };
        ContainerUser { linux: Some(linux) }
    }
}

impl Containers {
    pub(crate) async fn create_container(&self, request: CreateContainerRequest) -> Result<String> {
        let sandbox = self.sandbox(&request.pod_sandbox_id)?;
        if !sandbox.is_ready() {
            return Err(Error::State(format!("sandbox {:?} is not running", sandbox.id)));
        }
        let config = request.config.ok_or_else(|| Error::Invalid("container config is empty".into()))?;
        let name = reference_name(config.image.clone())?;
        let image = self.images.find(&name).ok_or_else(|| Error::NotFound(format!("image {name:?} not found")))?;
        let id = self.new_id();
        let container = Arc::new(self.record_container(&id, sandbox, config, image).await?);
        let sandbox_id = container.record.sandbox_id.clone();
        self.containers.write().expect("no writer panics").insert(id.clone(), container);
        self.tell(&id, &sandbox_id, ContainerEventType::ContainerCreatedEvent);
        Ok(id)
    }

    async fn record_container(
        &self,
        id: &str,
        sandbox: Arc<Sandbox>,
        config: ContainerConfig,
        image: Arc<ImageRecord>,
    ) -> Result<Container> {
        let all = self.containers_dir();
        let surroundings = Surroundings {
            dir: all.join(id),
            sandbox_dir: sandbox.dir.clone(),
            sandbox_id: sandbox.id.clone(),
            sandbox_config: sandbox.config(),
            shm: self.config.data_dir.join(SHM_DIR).join(&sandbox.id),
            blanks: self.config.data_dir.join(SHM_DIR).join(BLANKS_DIR),
            layers_dir: self.images.layers_dir().to_owned(),
            cgroup: format!("{}/{id}", sandbox.record().cgroup),
            image,
            trees: self.trees.clone(),
            now: self.now(),
        };
        let draft = all.join(format!("{DRAFT_PREFIX}{id}"));
        let (order, record) = {
            let config = config.clone();
            blocking(move || write_container(&draft, &surroundings, &config)).await?
        };
        self.filter_devices(&order, &config)?;
        Ok(Container::new(id, &all.join(id), config, record, Life::default()))
    }

    /// A privileged container may open every device.
    fn filter_devices(&self, order: &Launch, config: &ContainerConfig) -> Result<()> {
        use linux::cgroup::{DeviceFilter, DeviceRule};
        use std::os::fd::AsFd;
        let (Some(common), Some(group)) = (&self.device_filter, &order.cgroup.unified) else { return Ok(()) };
        if launch_order::is_privileged(config) {
            return Ok(());
        }
        let group = std::fs::File::open(group).step("device filter")?;
        if order.devices.is_empty() {
            return common.attach(group.as_fd()).step("device filter");
        }
        let mut rules = DeviceRule::common();
        for device in &order.devices {
            rules.push(DeviceRule::of_node(&device.host_path, &device.permissions).step(device.host_path.display())?);
        }
        DeviceFilter::load(&rules).and_then(|filter| filter.attach(group.as_fd())).step("device filter")
    }

    pub(crate) async fn start_container(&self, id: &str) -> Result<()> {
        let container = self.container(id)?;
        let _turn = container.turn.lock().await;
        let state = container.life.borrow().state();
        if state != ContainerState::ContainerCreated {
            return Err(Error::State(format!("container {id:?} is in state {}", state.as_str_name())));
        }
        let outcome = self.supervisor.launch(id).await;
        let read = Life::read(&container.dir)?;
        container.life.send_modify(|life| {
            life.started = life.started.take().or(read.started);
            life.exit = life.exit.take().or(read.exit);
        });
        let kind = match outcome {
            Ok(_) => ContainerEventType::ContainerStartedEvent,
            Err(_) => ContainerEventType::ContainerStoppedEvent,
        };
        self.tell(id, &container.record.sandbox_id, kind);
        outcome.map(drop).step("")
    }

    pub(crate) async fn stop_container(&self, id: &str, grace: Duration) -> Result<()> {
        let Ok(container) = self.container(id) else { return Ok(()) };
        let started = container.life.borrow().started.clone();
        let Some(started) = started.filter(|_| container.life.borrow().is_running()) else { return Ok(()) };
        if !grace.is_zero() {
            linux::process::signal(&started, container.record.stop_signal).step("stop signal")?;
            if ended_within(&container.life, grace).await.is_some() {
                return Ok(());
            }
        }
        self.kill_container(&container).await
    }

    pub(crate) async fn kill_container(&self, container: &Container) -> Result<()> {
        let started = container.life.borrow().started.clone();
        let Some(started) = started.filter(|_| container.life.borrow().is_running()) else { return Ok(()) };
        linux::process::signal(&started, SIGKILL).step("kill")?;
        self.trees.kill(&container.record.cgroup).step("kill")?;
        match ended_within(&container.life, KILL_PATIENCE).await {
            Some(_) => Ok(()),
            None => Err(Error::Deadline(format!("container {:?} does not end although it was killed", container.id))),
        }
    }

    pub(crate) async fn remove_container(&self, id: &str) -> Result<()> {
        let Ok(container) = self.container(id) else { return Ok(()) };
        let _turn = container.turn.lock().await;
        self.kill_container(&container).await?;
        let (trees, dir, cgroup) = (self.trees.clone(), container.dir.clone(), container.record.cgroup.clone());
        blocking(move || {
            trees.remove(&cgroup).step("cgroup")?;
            records::discard(&dir)
        })
        .await?;
        container.life.send_modify(|life| life.removed = true);
        self.tell(id, &container.record.sandbox_id, ContainerEventType::ContainerDeletedEvent);
        self.containers.write().expect("no writer panics").remove(id);
        Ok(())
    }

    pub(crate) async fn update_container(&self, request: UpdateContainerResourcesRequest) -> Result<()> {
        let container = self.container(&request.container_id)?;
        let Some(resources) = request.linux else { return Ok(()) };
        let limits = launch_order::limits(&resources);
        self.trees.limit(&container.record.cgroup, &limits).step("cgroup")?;
        let mut config = container.config();
        config.linux.get_or_insert_default().resources = Some(resources);
        records::write_config(&container.dir, &config)?;
        *container.config.lock().expect("no holder panics") = config;
        Ok(())
    }

    pub(crate) fn layers_in_use(&self) -> std::collections::BTreeSet<String> {
        self.all_containers().iter().flat_map(|container| container.record.layers.clone()).collect()
    }

    pub(crate) fn container_dirs(&self) -> Vec<PathBuf> {
        self.all_containers().iter().map(|container| container.dir.join(launch_order::UPPER)).collect()
    }
}

/// Everything on disk under a name that does not count yet, then the name. The group is made before, so that no
/// record is without one.
fn write_container(
    draft: &Path,
    surroundings: &Surroundings,
    config: &ContainerConfig,
) -> Result<(Launch, ContainerRecord)> {
    let (order, record) = launch_order::make(surroundings, config)?;
    surroundings.trees.create(&record.cgroup).step("cgroup")?;
    let resources = config.linux.as_ref().and_then(|linux| linux.resources.as_ref());
    if let Some(resources) = resources {
        surroundings.trees.limit(&record.cgroup, &launch_order::limits(resources)).step("cgroup")?;
    }
    for name in [launch_order::UPPER, launch_order::WORK, launch_order::ROOT] {
        std::fs::create_dir_all(draft.join(name)).step(draft.display())?;
    }
    linux::process::like(&surroundings.top_layer(), &draft.join(launch_order::UPPER)).step(draft.display())?;
    linux::launch::write_record(&draft.join(LAUNCH_FILE), &order).step(draft.display())?;
    records::write(draft, config, &record)?;
    std::fs::rename(draft, &surroundings.dir).step(draft.display())?;
    Ok((order, record))
}
