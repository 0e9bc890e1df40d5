//! A container as the runtime is told of it.

use super::container_mounts::mounts;
use super::labels;
use super::sandbox_config::{groups_policy, namespaces, resources};
use crate::context::Context;
use crate::references::Contents;
use crate::volumes::Volumes;
use cri::v1::{
    Capability, ContainerConfig, ContainerMetadata, Image, ImageSpec, KeyValue, LinuxContainerConfig,
    LinuxContainerSecurityContext, NamespaceMode, SeLinuxOption, SecurityProfile, Signal,
    security_profile::ProfileType,
};
use k8s_openapi::api::core::v1::{Container, Pod, SeccompProfile, Service};
use podplan::cgroup;
use podplan::environment::{EnvironmentError, environment, expanded};
use podplan::fields::Surroundings;
use podplan::security::{RootError, Security, check_not_root, security};
use podplan::service_links::service_environment;
use podplan::spec::{namespace, spec};
use std::fmt;
use std::io;
use std::sync::Arc;

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

pub fn prepare(from: &Materials<'_>) -> Result<ContainerConfig, ConfigError> {
    let image_user = from.image.uid.as_ref().map(|uid| uid.value);
    let nobody = image_user.is_none() && from.image.username.is_empty();
    let user = if nobody { Some(0) } else { image_user };
    check_not_root(from.pod, from.container, user, &from.image.username).map_err(ConfigError::Root)?;
    let environment = variables(from)?;
    let mounts = mounts(from, &environment)?;
    let container = from.container;
    Ok(ContainerConfig {
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
    })
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
