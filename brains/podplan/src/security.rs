//! A container's security settings: its own where it has any, the pod's otherwise.

use crate::spec::spec;
use k8s_openapi::api::core::v1::{AppArmorProfile, Container, Pod, SELinuxOptions, SeccompProfile, SecurityContext};
use std::fmt;

const MASKED_PATHS: [&str; 12] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];
const READ_ONLY_PATHS: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Security {
    pub user: Option<i64>,
    pub group: Option<i64>,
    pub supplemental_groups: Vec<i64>,
    /// Groups that the image gives the user are left out.
    pub strict_groups: bool,
    pub must_not_be_root: bool,
    pub privileged: bool,
    pub read_only_root: bool,
    pub no_new_privileges: bool,
    pub add_capabilities: Vec<String>,
    pub drop_capabilities: Vec<String>,
    pub se_linux: Option<SELinuxOptions>,
    pub seccomp: Option<SeccompProfile>,
    pub app_armor: Option<AppArmorProfile>,
    pub masked_paths: Vec<&'static str>,
    pub read_only_paths: Vec<&'static str>,
}

pub fn security(pod: &Pod, container: &Container) -> Security {
    let common = spec(pod).security_context.clone().unwrap_or_default();
    let own: SecurityContext = container.security_context.clone().unwrap_or_default();
    let capabilities = own.capabilities.clone().unwrap_or_default();
    let privileged = own.privileged == Some(true);
    let bare = own.proc_mount.as_deref() == Some("Unmasked") || privileged;
    let mut supplemental_groups: Vec<i64> = common.fs_group.into_iter().collect();
    supplemental_groups.extend(common.supplemental_groups.iter().flatten());
    Security {
        user: own.run_as_user.or(common.run_as_user),
        group: own.run_as_group.or(common.run_as_group),
        supplemental_groups,
        strict_groups: common.supplemental_groups_policy.as_deref() == Some("Strict"),
        must_not_be_root: own.run_as_non_root.or(common.run_as_non_root) == Some(true),
        privileged,
        read_only_root: own.read_only_root_filesystem == Some(true),
        no_new_privileges: own.allow_privilege_escalation == Some(false),
        add_capabilities: capabilities.add.unwrap_or_default(),
        drop_capabilities: capabilities.drop.unwrap_or_default(),
        se_linux: own.se_linux_options.or(common.se_linux_options),
        seccomp: own.seccomp_profile.or(common.seccomp_profile),
        app_armor: own.app_armor_profile.or(common.app_armor_profile),
        masked_paths: if bare { Vec::new() } else { MASKED_PATHS.to_vec() },
        read_only_paths: if bare { Vec::new() } else { READ_ONLY_PATHS.to_vec() },
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootError {
    RunsAsRoot { pod: String, container: String, from_image: bool },
    NamedUser { pod: String, container: String, user: String },
}

impl fmt::Display for RootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootError::RunsAsRoot { pod, container, from_image: false } => {
                write!(f, "container's runAsUser breaks non-root policy (pod: \"{pod}\", container: {container})")
            }
            RootError::RunsAsRoot { pod, container, from_image: true } => write!(
                f,
                "container has runAsNonRoot and image will run as root (pod: \"{pod}\", container: {container})"
            ),
            RootError::NamedUser { pod, container, user } => write!(
                f,
                "container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root \
                 (pod: \"{pod}\", container: {container})"
            ),
        }
    }
}

impl std::error::Error for RootError {}

/// Refuses root where it is not wanted; the image says who would run if nobody else does.
pub fn check_not_root(
    pod: &Pod,
    container: &Container,
    image_user: Option<i64>,
    image_username: &str,
) -> Result<(), RootError> {
    let wanted = security(pod, container);
    if !wanted.must_not_be_root {
        return Ok(());
    }
    let (pod, container) = (crate::spec::long_name(pod), container.name.clone());
    match (wanted.user, image_user, image_username) {
        (Some(0), _, _) => Err(RootError::RunsAsRoot { pod, container, from_image: false }),
        (Some(_), _, _) => Ok(()),
        (None, Some(0), _) => Err(RootError::RunsAsRoot { pod, container, from_image: true }),
        (None, None, user) if !user.is_empty() => Err(RootError::NamedUser { pod, container, user: user.into() }),
        (None, _, _) => Ok(()),
    }
}

/// Whether any container of the pod is privileged: its sandbox then is.
pub fn has_privileged(pod: &Pod) -> bool {
    crate::spec::all_containers(pod)
        .any(|(_, c)| c.security_context.as_ref().is_some_and(|s| s.privileged == Some(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(common: &str, own: &str) -> (Pod, Container) {
        let json = format!(
            r#"{{"metadata":{{"name":"p","namespace":"n","uid":"u"}},
                "spec":{{"securityContext":{common},"containers":[{{"name":"c","securityContext":{own}}}]}}}}"#
        );
        let pod: Pod = serde_json::from_str(&json).unwrap();
        let container = pod.spec.as_ref().unwrap().containers[0].clone();
        (pod, container)
    }

    #[test]
    fn the_container_stands_above_the_pod() {
        let (p, c) =
            pod(r#"{"runAsUser":1,"runAsGroup":2,"fsGroup":3,"supplementalGroups":[4]}"#, r#"{"runAsUser":9}"#);
        let merged = security(&p, &c);
        assert_eq!((merged.user, merged.group), (Some(9), Some(2)));
        assert_eq!(merged.supplemental_groups, [3, 4]);
        assert_eq!(merged.masked_paths.len(), 12);
    }

    fn check(common: &str, own: &str, image: (Option<i64>, &str), expect: &str) {
        let (p, c) = pod(common, own);
        let text = check_not_root(&p, &c, image.0, image.1).err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(text, expect);
    }

    #[test]
    fn root_is_refused_where_it_is_not_wanted() {
        let demand = r#"{"runAsNonRoot":true}"#;
        check("{}", "{}", (Some(0), ""), "");
        check(demand, r#"{"runAsUser":7}"#, (Some(0), ""), "");
        check(demand, "{}", (Some(7), ""), "");
        check(
            demand,
            r#"{"runAsUser":0}"#,
            (None, ""),
            "container's runAsUser breaks non-root policy (pod: \"p_n(u)\", container: c)",
        );
        check(
            demand,
            "{}",
            (Some(0), ""),
            "container has runAsNonRoot and image will run as root (pod: \"p_n(u)\", container: c)",
        );
        check(
            demand,
            "{}",
            (None, "www"),
            "container has runAsNonRoot and image has non-numeric user (www), cannot verify user is non-root (pod: \"p_n(u)\", container: c)",
        );
    }
}
