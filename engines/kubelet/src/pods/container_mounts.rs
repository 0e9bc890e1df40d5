//! What a container sees of the machine's disk: its volumes, its hosts file, and a place for its last words.

use super::container_config::{ConfigError, Materials};
use crate::volumes::subpath::{self, SubPath};
use cri::v1::{Mount, MountPropagation};
use k8s_openapi::api::core::v1::VolumeMount;
use podplan::expansion::expand_noting;
use podplan::hosts::{hosts_file, names, node_hosts_file};
use podplan::spec::{is_host_network, spec, uid};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const HOSTS: &str = "/etc/hosts";

pub fn mounts(from: &Materials<'_>, environment: &[(String, String)]) -> Result<Vec<Mount>, ConfigError> {
    let mut mounts = Vec::new();
    for (index, mount) in from.container.volume_mounts.iter().flatten().enumerate() {
        mounts.push(volume_mount(from, index, mount, environment)?);
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
    index: usize,
    mount: &VolumeMount,
    environment: &[(String, String)],
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
        host_path = from.context.pod_dir(uid(from.pod)).join(subpath::place(&mount.name, &container(), index));
        opened.mount(&*from.context.mounts, &host_path).map_err(failed)?;
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
