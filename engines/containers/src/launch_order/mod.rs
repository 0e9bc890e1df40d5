//! From CRI's words to the supervisor's order.

mod devices;
mod limits;
mod mounts;
mod process;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cri::v1::*;
use linux::cgroup::Trees;
use linux::launch::{Launch, Namespaces, PidShare, Rootfs, Share, Stdio};

use crate::error::Result;
use crate::images::ImageRecord;
use crate::records::ContainerRecord;
use crate::sandbox;
use crate::users::{Identity, UserFiles, Wanted};
pub use limits::{limits, pod_limits};

pub const UPPER: &str = "upper";
pub const WORK: &str = "work";
pub const ROOT: &str = "root";

const SIGTERM: i32 = 15;

/// All that an order depends on besides the container's own config.
pub struct Surroundings {
    pub dir: PathBuf,
    pub sandbox_dir: PathBuf,
    pub sandbox_id: String,
    pub sandbox_config: PodSandboxConfig,
    pub shm: PathBuf,
    pub blanks: PathBuf,
    pub layers_dir: PathBuf,
    pub cgroup: String,
    pub image: Arc<ImageRecord>,
    pub trees: Trees,
    pub now: i64,
}

impl Surroundings {
    fn log_path(&self, config: &ContainerConfig) -> String {
        match (self.sandbox_config.log_directory.as_str(), config.log_path.as_str()) {
            ("", _) | (_, "") => String::new(),
            (directory, path) => Path::new(directory).join(path).to_string_lossy().into_owned(),
        }
    }

    /// Its root directory's owner and mode are what the container's root shows.
    pub fn top_layer(&self) -> PathBuf {
        self.image.layers.last().map_or_else(|| self.layers_dir.clone(), |name| self.layers_dir.join(name))
    }

    fn layers_uppermost_first(&self) -> Vec<PathBuf> {
        self.image.layers.iter().rev().map(|name| self.layers_dir.join(name)).collect()
    }
}

fn security(config: &ContainerConfig) -> LinuxContainerSecurityContext {
    config.linux.as_ref().and_then(|linux| linux.security_context.clone()).unwrap_or_default()
}

pub fn is_privileged(config: &ContainerConfig) -> bool {
    config.linux.as_ref().and_then(|linux| linux.security_context.as_ref()).is_some_and(|it| it.privileged)
}

pub fn make(around: &Surroundings, config: &ContainerConfig) -> Result<(Launch, ContainerRecord)> {
    let security = security(config);
    let identity = identity(around, &security)?;
    let log_path = around.log_path(config);
    let record = ContainerRecord {
        sandbox_id: around.sandbox_id.clone(),
        created_at: around.now,
        image_id: around.image.id.clone(),
        layers: around.image.layers.clone(),
        cgroup: around.cgroup.clone(),
        log_path: log_path.clone(),
        uid: identity.uid,
        gid: identity.gid,
        groups: identity.groups.clone(),
        stop_signal: stop_signal(config, &around.image),
    };
    let order = Launch {
        sandbox: around.sandbox_id.clone(),
        namespaces: namespaces(&security, &around.sandbox_config),
        cgroup: around.trees.membership(&around.cgroup),
        rootfs: rootfs(around, &security),
        blanks: around.blanks.clone(),
        mounts: mounts::mounts(around, config, &security)?,
        devices: devices::devices(config, &security)?,
        masked_paths: paths(&security.masked_paths, security.privileged),
        readonly_paths: paths(&security.readonly_paths, security.privileged),
        process: process::process(around, config, &security, &identity)?,
        stdio: Stdio {
            tty: config.tty,
            stdin: config.stdin,
            stdin_once: config.stdin_once,
            log_path: Some(log_path).filter(|path| !path.is_empty()).map(PathBuf::from),
        },
    };
    Ok((order, record))
}

fn paths(texts: &[String], privileged: bool) -> Vec<PathBuf> {
    if privileged { Vec::new() } else { texts.iter().map(PathBuf::from).collect() }
}

fn identity(around: &Surroundings, security: &LinuxContainerSecurityContext) -> Result<Identity> {
    let wanted = Wanted {
        uid: security.run_as_user.map(|it| it.value),
        gid: security.run_as_group.map(|it| it.value),
        username: &security.run_as_username,
        image_user: &around.image.config.user,
        supplemental: &security.supplemental_groups,
        strict: security.supplemental_groups_policy == SupplementalGroupsPolicy::Strict as i32,
    };
    UserFiles::read(&around.layers_uppermost_first()).resolve(&wanted)
}

fn namespaces(security: &LinuxContainerSecurityContext, sandbox: &PodSandboxConfig) -> Namespaces {
    let options = security.namespace_options.clone().unwrap_or_else(|| sandbox::namespace_options(sandbox));
    let share = |mode: i32| if mode == NamespaceMode::Node as i32 { Share::Host } else { Share::Pod };
    let pid = match options.pid() {
        NamespaceMode::Pod => PidShare::Pod,
        NamespaceMode::Container => PidShare::Own,
        NamespaceMode::Node => PidShare::Host,
        NamespaceMode::Target => PidShare::Of(options.target_id.clone()),
    };
    Namespaces { net: share(options.network), ipc: share(options.ipc), uts: share(options.network), pid }
}

fn rootfs(around: &Surroundings, security: &LinuxContainerSecurityContext) -> Rootfs {
    Rootfs {
        layers_dir: around.layers_dir.clone(),
        layers: around.image.layers.iter().rev().cloned().collect(),
        upper: around.dir.join(UPPER),
        work: around.dir.join(WORK),
        target: around.dir.join(ROOT),
        readonly: security.readonly_rootfs,
    }
}

fn stop_signal(config: &ContainerConfig, image: &ImageRecord) -> i32 {
    let asked = Signal::try_from(config.stop_signal).ok().filter(|signal| *signal != Signal::RuntimeDefault);
    let asked = asked.and_then(|signal| linux::process::signal_number(signal.as_str_name()));
    asked.or_else(|| linux::process::signal_number(&image.config.stop_signal)).unwrap_or(SIGTERM)
}
