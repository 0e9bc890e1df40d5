//! From disk, supervisor and kernel to a running runtime.

use std::path::Path;
use std::sync::{Arc, RwLock, Weak};
use std::time::Duration;

use cri::v1::ContainerEventType;
use linux::cgroup::{DeviceFilter, DeviceRule, Trees};
use linux::launch::{EXIT_FILE, Exit};
use linux::supervise::{ExitWatch, Listing, Supervisor};
use tokio::sync::broadcast;

use crate::container::Container;
use crate::error::{Result, Step, blocking};
use crate::life::Life;
use crate::network::PodNetwork;
use crate::sandbox::Sandbox;
use crate::{Config, Containers, events, images, records};

pub const SANDBOXES_DIR: &str = "sandboxes";
pub const RUN_DIR: &str = "run";
pub const SHM_DIR: &str = "shm";
/// In the memory of pods, where no sandbox is called so.
pub const BLANKS_DIR: &str = "blanks";
/// A supervisor that does not come back is asked for again after this long.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

impl Containers {
    /// Finds everything that an earlier runtime left, running or not, and goes on with it.
    pub async fn open(config: Config, network: Arc<dyn PodNetwork>) -> Result<Arc<Containers>> {
        let config = blocking(move || prepare(config)).await?;
        let (run, program) = (config.data_dir.join(RUN_DIR), config.program.clone());
        let supervisor = blocking(move || Supervisor::start(&run, &program).step("starting the supervisor")).await?;
        let (data_dir, limits) = (config.data_dir.clone(), config.layer_limits);
        let images = blocking(move || Ok(images::ImageStore::open(&data_dir, limits)?)).await?;
        let runtime = Arc::new(Containers {
            images: Arc::new(images),
            network,
            trees: Trees::of_host().step("cgroups")?,
            device_filter: device_filter(),
            supervisor,
            sandboxes: RwLock::default(),
            containers: RwLock::default(),
            events: broadcast::channel(events::BACKLOG).0,
            config,
            closed: std::sync::atomic::AtomicBool::new(false),
        });
        // Watching begins before reading: an end in between is seen twice rather than never.
        let watch = runtime.supervisor.watch().await.step("supervisor")?;
        runtime.read_everything().await?;
        tokio::spawn(follow_ends(Arc::downgrade(&runtime), watch));
        Ok(runtime)
    }

    async fn read_everything(&self) -> Result<()> {
        let listing = self.supervisor.list().await.step("supervisor")?;
        let sandboxes_dir = self.config.data_dir.join(SANDBOXES_DIR);
        for id in records::list(&sandboxes_dir)? {
            let pinned = listing.sandboxes.iter().any(|sandbox| sandbox.id == id);
            let sandbox = Sandbox::read(&id, &sandboxes_dir.join(&id), pinned)?;
            self.sandboxes.write().expect("no writer panics").insert(id, Arc::new(sandbox));
        }
        let containers_dir = self.supervisor.root().join(linux::supervise::CONTAINERS_DIR);
        for id in records::list(&containers_dir)? {
            let container = Container::read(&id, &containers_dir.join(&id))?;
            self.settle(&container, &listing)?;
            self.containers.write().expect("no writer panics").insert(id, Arc::new(container));
        }
        Ok(())
    }

    /// Started, not ended, and nobody runs it: its end was not seen.
    fn settle(&self, container: &Container, listing: &Listing) -> Result<()> {
        let runs = listing.containers.iter().any(|it| it.id == container.id);
        if runs || !Life::read(&container.dir)?.is_running() {
            return Ok(());
        }
        let exit = Exit::unseen(self.now());
        linux::launch::write_record(&container.dir.join(EXIT_FILE), &exit).step(&container.id)?;
        container.life.send_modify(|life| life.exit = Some(exit));
        Ok(())
    }

    fn note_end(&self, id: &str) {
        let Ok(container) = self.container(id) else { return };
        match Life::read(&container.dir) {
            Ok(read) if read.exit.is_some() => {
                let news = container.life.send_if_modified(|life| {
                    let news = life.exit.is_none() && !life.removed;
                    if news {
                        (life.started, life.exit) = (read.started, read.exit);
                    }
                    news
                });
                if news {
                    self.tell(id, &container.record.sandbox_id, ContainerEventType::ContainerStoppedEvent);
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(container = id, %error, "the end of a container cannot be read"),
        }
    }

    /// The supervisor died: a new one has taken over what still runs.
    async fn recover(&self) -> Result<ExitWatch> {
        let (run, program) = (self.config.data_dir.join(RUN_DIR), self.config.program.clone());
        blocking(move || Supervisor::start(&run, &program).step("starting the supervisor")).await?;
        let watch = self.supervisor.watch().await.step("supervisor")?;
        let listing = self.supervisor.list().await.step("supervisor")?;
        for container in self.all_containers() {
            self.settle(&container, &listing)?;
            self.note_end(&container.id);
        }
        for sandbox in self.all_sandboxes() {
            sandbox.set_pinned(listing.sandboxes.iter().any(|pinned| pinned.id == sandbox.id));
        }
        Ok(watch)
    }
}

/// Ends with the runtime: nothing here keeps it alive.
async fn follow_ends(runtime: Weak<Containers>, mut watch: ExitWatch) {
    loop {
        match watch.next().await {
            Ok(ended) => match runtime.upgrade() {
                Some(runtime) => runtime.note_end(&ended.container),
                None => return,
            },
            Err(error) => {
                let Some(runtime) = runtime.upgrade() else { return };
                if runtime.is_closed() {
                    return;
                }
                tracing::warn!(%error, "the supervisor is gone: starting another");
                match runtime.recover().await {
                    Ok(next) => watch = next,
                    Err(error) => {
                        tracing::error!(%error, "no supervisor");
                        tokio::time::sleep(RESTART_PAUSE).await;
                    }
                }
            }
        }
    }
}

fn prepare(mut config: Config) -> Result<Config> {
    for name in [SANDBOXES_DIR, SHM_DIR, &format!("{RUN_DIR}/{}", linux::supervise::CONTAINERS_DIR)] {
        let path = config.data_dir.join(name);
        std::fs::create_dir_all(&path).step(path.display())?;
    }
    config.data_dir = config.data_dir.canonicalize().step(config.data_dir.display())?;
    linux::process::make_private_dir(&config.data_dir).step(config.data_dir.display())?;
    mount_shm(&config.data_dir.join(SHM_DIR))?;
    let blanks = config.data_dir.join(SHM_DIR).join(BLANKS_DIR);
    linux::mounts::make_blanks(&blanks, &Trees::of_host().step("cgroups")?).step(blanks.display())?;
    config.cgroup_root = config.cgroup_root.trim_matches('/').to_owned();
    Ok(config)
}

/// One memory filesystem a node holds the `/dev/shm` of all pods: one mount instead of one each.
fn mount_shm(path: &Path) -> Result<()> {
    linux::mounts::ensure_memory_filesystem(path).step(path.display())
}

fn device_filter() -> Option<DeviceFilter> {
    DeviceFilter::load(&DeviceRule::common())
        .inspect_err(|error| tracing::warn!(%error, "devices of containers are not filtered"))
        .ok()
}
