//! A container as the runtime is told of it.

use super::labels;
use super::sandbox_config::{groups_policy, namespaces, resources};
use crate::context::Context;
use crate::references::Contents;
use crate::volumes::Volumes;
use crate::volumes::subpath::SubPath;
use cri::v1::{
    Capability, ContainerConfig, ContainerMetadata, Image, ImageSpec, KeyValue, LinuxContainerConfig,
    LinuxContainerSecurityContext, Mount, MountPropagation, NamespaceMode, SeLinuxOption, SecurityProfile, Signal,
    security_profile::ProfileType,
};
use k8s_openapi::api::core::v1::{Container, Pod, SeccompProfile, Service, VolumeMount};
use podplan::cgroup;
use podplan::environment::{EnvironmentError, environment, expanded};
use podplan::expansion::expand_noting;
use podplan::fields::Surroundings;
use podplan::hosts::{hosts_file, names, node_hosts_file};
use podplan::security::{RootError, Security, check_not_root, security};
use podplan::service_links::service_environment;
use podplan::spec::{is_host_network, namespace, spec, uid};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

const HOSTS: &str = "/etc/hosts";

#[derive(Debug)]
pub enum ConfigError {
    Environment(EnvironmentError),
    Root(RootError),
    NoVolume { volume: String, container: String },
    SubPath { volume: String, container: String },
    SubPathReference { names: Vec<String> },
    Io { what: &'static str, source: io::Error },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Environment(error) => error.fmt(f),
            ConfigError::Root(error) => error.fmt(f),
            ConfigError::NoVolume { volume, container } => {
                write!(f, "cannot find volume \"{volume}\" to mount into container \"{container}\"")
            }
            ConfigError::SubPath { volume, container } => {
                write!(f, "failed to prepare subPath for volumeMount \"{volume}\" of container \"{container}\"")
            }
            ConfigError::SubPathReference { names } => {
                write!(f, "missing value for \"{}\"", names.join("\", \""))
            }
            ConfigError::Io { what, source } => write!(f, "{what}: {source}"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// What a container's configuration is made from.
pub struct Materials<'a> {
    pub context: &'a Context,
    pub pod: &'a Pod,
    pub container: &'a Container,
    pub restart_count: i32,
    pub image: &'a Image,
    pub pod_ips: &'a [String],
    pub volumes: &'a Volumes,
    pub contents: &'a Contents,
    pub services: &'a [Arc<Service>],
    /// The container whose processes an ephemeral one shares.
    pub target: Option<String>,
}

/// The configuration, and the open places that it names: they must outlive the container's start.
pub struct Prepared {
    pub config: ContainerConfig,
    pub places: Vec<SubPath>,
}

pub fn prepare(from: &Materials<'_>) -> Result<Prepared, ConfigError> {
    let image_user = from.image.uid.as_ref().map(|uid| uid.value);
    let nobody = image_user.is_none() && from.image.username.is_empty();
    let user = if nobody { Some(0) } else { image_user };
    check_not_root(from.pod, from.container, user, &from.image.username).map_err(ConfigError::Root)?;
    let environment = variables(from)?;
    let mut places = Vec::new();
    let mounts = mounts(from, &environment, &mut places)?;
    let container = from.container;
    let config = ContainerConfig {
        metadata: Some(ContainerMetadata {
            name: container.name.clone(),
            attempt: u32::try_from(from.restart_count).unwrap_or(0),
        }),
        image: Some(ImageSpec {
            image: from.image.id.clone(),
            user_specified_image: container.image.clone().unwrap_or_default(),
            ..ImageSpec::default()
        }),
        command: expanded(container.command.as_ref(), &environment),
        args: expanded(container.args.as_ref(), &environment),
        working_dir: container.working_dir.clone().unwrap_or_default(),
        envs: environment.into_iter().map(|(key, value)| KeyValue { key, value }).collect(),
        mounts,
        labels: labels::of_container(from.pod, container),
        annotations: labels::annotations_of_container(from.pod, container, from.restart_count),
        log_path: format!("{}/{}.log", container.name, from.restart_count),
        stdin: container.stdin == Some(true),
        stdin_once: container.stdin_once == Some(true),
        tty: container.tty == Some(true),
        linux: Some(linux(from, user)),
        stop_signal: stop_signal(container).into(),
        ..ContainerConfig::default()
    };
    Ok(Prepared { config, places })
}

fn variables(from: &Materials<'_>) -> Result<Vec<(String, String)>, ConfigError> {
    let links = spec(from.pod).enable_service_links.unwrap_or(true);
    let services = service_environment(from.services.iter().map(|s| &**s), namespace(from.pod), links);
    let allocatable = from.context.allocatable();
    let around = Surroundings { pod_ips: from.pod_ips, node: &from.context.facts, allocatable: &allocatable };
    environment(from.pod, from.container, from.contents, &services, around).map_err(ConfigError::Environment)
}

fn stop_signal(container: &Container) -> Signal {
    let named = container.lifecycle.as_ref().and_then(|l| l.stop_signal.as_deref());
    // CRI writes SIGRTMIN+1 as SIGRTMINPLUS1.
    let name = named.map(|n| n.replace('+', "PLUS").replace('-', "MINUS"));
    name.and_then(|n| Signal::from_str_name(&n)).unwrap_or(Signal::RuntimeDefault)
}

fn mounts(
    from: &Materials<'_>,
    environment: &[(String, String)],
    places: &mut Vec<SubPath>,
) -> Result<Vec<Mount>, ConfigError> {
    let mut mounts = Vec::new();
    for mount in from.container.volume_mounts.iter().flatten() {
        mounts.push(volume_mount(from, mount, environment, places)?);
    }
    let wants_hosts = !from.pod_ips.is_empty() || is_host_network(from.pod);
    if wants_hosts && !mounts.iter().any(|m| m.container_path == HOSTS) {
        mounts.push(hosts_mount(from)?);
    }
    mounts.extend(message_mount(from)?);
    Ok(mounts)
}

fn volume_mount(
    from: &Materials<'_>,
    mount: &VolumeMount,
    environment: &[(String, String)],
    places: &mut Vec<SubPath>,
) -> Result<Mount, ConfigError> {
    let container = || from.container.name.clone();
    let place = from.volumes.place(&mount.name);
    let place = place.ok_or_else(|| ConfigError::NoVolume { volume: mount.name.clone(), container: container() })?;
    let mut host_path = place.path.clone();
    let below = sub_path(mount, environment)?;
    if !below.is_empty() {
        // What the machine says of its own paths is not for the pod.
        let failed = |_: io::Error| ConfigError::SubPath { volume: mount.name.clone(), container: container() };
        let mode = fs::metadata(&host_path).map_err(failed)?.permissions().mode() & 0o7777;
        let opened = SubPath::open(&host_path, &below, mode).map_err(failed)?;
        host_path = opened.path();
        places.push(opened);
    }
    let rooted = if mount.mount_path.starts_with('/') { "" } else { "/" };
    Ok(Mount {
        container_path: format!("{rooted}{}", mount.mount_path),
        host_path: host_path.to_string_lossy().into_owned(),
        readonly: mount.read_only == Some(true) || place.read_only,
        recursive_read_only: matches!(mount.recursive_read_only.as_deref(), Some("Enabled" | "IfPossible")),
        propagation: propagation(mount.mount_propagation.as_deref()).into(),
        ..Mount::default()
    })
}

fn sub_path(mount: &VolumeMount, environment: &[(String, String)]) -> Result<String, ConfigError> {
    let Some(expression) = mount.sub_path_expr.as_deref().filter(|e| !e.is_empty()) else {
        return Ok(mount.sub_path.clone().unwrap_or_default());
    };
    let lookup = |name: &str| environment.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    match expand_noting(expression, lookup) {
        (path, missing) if missing.is_empty() => Ok(path),
        (_, names) => Err(ConfigError::SubPathReference { names }),
    }
}

fn propagation(named: Option<&str>) -> MountPropagation {
    match named {
        Some("HostToContainer") => MountPropagation::PropagationHostToContainer,
        Some("Bidirectional") => MountPropagation::PropagationBidirectional,
        _ => MountPropagation::PropagationPrivate,
    }
}

fn hosts_mount(from: &Materials<'_>) -> Result<Mount, ConfigError> {
    let failed = |source| ConfigError::Io { what: "failed to write the hosts file", source };
    let aliases = spec(from.pod).host_aliases.as_deref().unwrap_or_default();
    let text = if is_host_network(from.pod) {
        node_hosts_file(&fs::read_to_string(HOSTS).map_err(failed)?, aliases)
    } else {
        hosts_file(from.pod_ips, &names(from.pod, &from.context.config.cluster_domain), aliases)
    };
    let directory = from.context.pod_dir(uid(from.pod));
    let path = directory.join("etc-hosts");
    fs::create_dir_all(&directory).map_err(failed)?;
    fs::write(&path, text).map_err(failed)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).map_err(failed)?;
    Ok(file_mount(&path, HOSTS))
}

/// A file of its own for each instance, where the container may leave its last words.
fn message_mount(from: &Materials<'_>) -> Result<Option<Mount>, ConfigError> {
    let Some(inside) = from.container.termination_message_path.as_deref().filter(|p| !p.is_empty()) else {
        return Ok(None);
    };
    let failed = |source| ConfigError::Io { what: "failed to make the termination message file", source };
    let directory = from.context.pod_dir(uid(from.pod)).join("containers").join(&from.container.name);
    fs::create_dir_all(&directory).map_err(failed)?;
    let path = directory.join(format!("{:08x}", from.context.clock.random() & 0xffff_ffff));
    fs::write(&path, "").map_err(failed)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).map_err(failed)?;
    Ok(Some(file_mount(&path, inside)))
}

fn file_mount(path: &Path, inside: &str) -> Mount {
    Mount { container_path: inside.into(), host_path: path.to_string_lossy().into_owned(), ..Mount::default() }
}

fn linux(from: &Materials<'_>, image_user: Option<i64>) -> LinuxContainerConfig {
    let limits = cgroup::of_one(from.pod, from.container, from.context.memory_capacity);
    let wanted = security(from.pod, from.container);
    let mut context = security_context(&wanted);
    if wanted.user.is_none() {
        let user = image_user.filter(|_| from.image.username.is_empty());
        context.run_as_user = user.map(|value| cri::v1::Int64Value { value });
        context.run_as_username = from.image.username.clone();
    }
    let mut options = namespaces(from.pod);
    if let Some(target) = &from.target
        && options.pid() == NamespaceMode::Container
    {
        options.pid = NamespaceMode::Target.into();
        options.target_id = target.clone();
    }
    context.namespace_options = Some(options);
    LinuxContainerConfig { resources: Some(resources(&limits)), security_context: Some(context) }
}

fn security_context(wanted: &Security) -> LinuxContainerSecurityContext {
    let number = |value: Option<i64>| value.map(|value| cri::v1::Int64Value { value });
    let owned = |paths: &[&str]| paths.iter().map(|p| (*p).to_owned()).collect();
    let se_linux = wanted.se_linux.clone().map(|s| SeLinuxOption {
        user: s.user.unwrap_or_default(),
        role: s.role.unwrap_or_default(),
        r#type: s.type_.unwrap_or_default(),
        level: s.level.unwrap_or_default(),
    });
    LinuxContainerSecurityContext {
        capabilities: Some(Capability {
            add_capabilities: wanted.add_capabilities.clone(),
            drop_capabilities: wanted.drop_capabilities.clone(),
            add_ambient_capabilities: Vec::new(),
        }),
        privileged: wanted.privileged,
        selinux_options: se_linux,
        run_as_user: number(wanted.user),
        run_as_group: number(wanted.group),
        readonly_rootfs: wanted.read_only_root,
        supplemental_groups: wanted.supplemental_groups.clone(),
        supplemental_groups_policy: groups_policy(wanted.strict_groups).into(),
        no_new_privs: wanted.no_new_privileges,
        masked_paths: owned(&wanted.masked_paths),
        readonly_paths: owned(&wanted.read_only_paths),
        seccomp: Some(seccomp(wanted.seccomp.as_ref(), wanted.privileged)),
        apparmor: wanted.app_armor.as_ref().map(|p| profile(&p.type_, p.localhost_profile.as_deref())),
        ..LinuxContainerSecurityContext::default()
    }
}

/// Nobody runs unconfined who did not ask for it.
fn seccomp(asked: Option<&SeccompProfile>, privileged: bool) -> SecurityProfile {
    match asked {
        Some(asked) => profile(&asked.type_, asked.localhost_profile.as_deref()),
        None if privileged => profile("Unconfined", None),
        None => profile("RuntimeDefault", None),
    }
}

fn profile(kind: &str, local: Option<&str>) -> SecurityProfile {
    let profile_type = match kind {
        "Unconfined" => ProfileType::Unconfined,
        "Localhost" => ProfileType::Localhost,
        _ => ProfileType::RuntimeDefault,
    };
    SecurityProfile { profile_type: profile_type.into(), localhost_ref: local.unwrap_or_default().into() }
}
