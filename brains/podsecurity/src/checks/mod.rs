//! Every check: the level that it belongs to, and from which versions on it has which form.

mod allow_privilege_escalation;
mod app_armor;
mod capabilities;
mod capabilities_restricted;
mod host_namespaces;
mod host_path_volumes;
mod host_ports;
mod host_probes;
mod privileged;
mod proc_mount;
mod restricted_volumes;
mod run_as_non_root;
mod run_as_user;
mod se_linux;
mod seccomp;
mod seccomp_annotations;
mod seccomp_restricted;
mod sysctls;
mod windows_host_process;

use crate::pod::{has_users_of_its_own, is_of_windows};
use crate::{Level, Pod, Standard, Version, Violation};

type Find = fn(&Pod<'_>) -> Option<Violation>;
type Exempt = fn(&Pod<'_>) -> bool;

struct Check {
    name: &'static str,
    level: Level,
    forms: &'static [Form],
    /// Where that one holds, it says all that this one would.
    stricter: &'static str,
}

/// How a check is done from a version on, until its next form.
pub struct Form {
    since: i64,
    find: Find,
    exempt: Option<Exempt>,
}

impl Form {
    pub fn find(&self, pod: &Pod<'_>) -> Option<Violation> {
        match self.exempt {
            Some(exempt) if exempt(pod) => None,
            _ => (self.find)(pod),
        }
    }

    const fn except(self, exempt: Exempt) -> Form {
        Form { exempt: Some(exempt), ..self }
    }
}

const fn since(minor: i64, find: Find) -> Form {
    Form { since: minor, find, exempt: None }
}

const fn baseline(name: &'static str, forms: &'static [Form]) -> Check {
    Check { name, level: Level::Baseline, forms, stricter: "" }
}

const fn restricted(name: &'static str, forms: &'static [Form]) -> Check {
    Check { name, level: Level::Restricted, forms, stricter: "" }
}

impl Check {
    const fn unless(self, stricter: &'static str) -> Check {
        Check { stricter, ..self }
    }

    /// None: it came later.
    fn form(&self, version: Version) -> Option<&'static Form> {
        self.forms.iter().rev().find(|form| Version::Minor(form.since) <= version)
    }

    /// None: nothing of it is asked.
    fn asked(&self, standard: Standard) -> Option<&'static Form> {
        let is_covered = standard.level == Level::Restricted
            && CHECKS.iter().any(|other| other.name == self.stricter && other.form(standard.version).is_some());
        self.form(standard.version).filter(|_| self.level <= standard.level && !is_covered)
    }
}

/// In the order of upstream's messages: by level, then by name.
static CHECKS: &[Check] = &[
    baseline("appArmorProfile", &[since(0, app_armor::find)]),
    baseline("capabilities_baseline", &[since(0, capabilities::find)]).unless("capabilities_restricted"),
    baseline("hostNamespaces", &[since(0, host_namespaces::find)]),
    baseline("hostPathVolumes", &[since(0, host_path_volumes::find)]).unless("restrictedVolumes"),
    baseline("hostPorts", &[since(0, host_ports::find)]),
    baseline("hostProbesAndHostLifecycle", &[since(34, host_probes::find)]),
    baseline("privileged", &[since(0, privileged::find)]),
    baseline("procMount", &[since(0, proc_mount::find), since(35, proc_mount::find).except(has_users_of_its_own)])
        .unless("procMount_restricted"),
    baseline("seLinuxOptions", &[since(0, se_linux::find_v0), since(31, se_linux::find_v31)]),
    baseline("seccompProfile_baseline", &[since(0, seccomp_annotations::find), since(19, seccomp::find)])
        .unless("seccompProfile_restricted"),
    baseline(
        "sysctls",
        &[
            since(0, sysctls::find_v0),
            since(27, sysctls::find_v27),
            since(29, sysctls::find_v29),
            since(32, sysctls::find_v32),
        ],
    ),
    baseline("windowsHostProcess", &[since(0, windows_host_process::find)]),
    restricted(
        "allowPrivilegeEscalation",
        &[
            since(8, allow_privilege_escalation::find),
            since(25, allow_privilege_escalation::find).except(is_of_windows),
        ],
    ),
    restricted(
        "capabilities_restricted",
        &[since(22, capabilities_restricted::find), since(25, capabilities_restricted::find).except(is_of_windows)],
    ),
    restricted("procMount_restricted", &[since(35, proc_mount::find)]),
    restricted("restrictedVolumes", &[since(0, restricted_volumes::find)]),
    restricted(
        "runAsNonRoot",
        &[since(0, run_as_non_root::find), since(35, run_as_non_root::find).except(has_users_of_its_own)],
    ),
    restricted("runAsUser", &[since(23, run_as_user::find), since(35, run_as_user::find).except(has_users_of_its_own)]),
    restricted(
        "seccompProfile_restricted",
        &[since(19, seccomp_restricted::find), since(25, seccomp_restricted::find).except(is_of_windows)],
    ),
];

/// What the standard asks, in the order of messages.
pub fn of(standard: Standard) -> impl Iterator<Item = &'static Form> {
    CHECKS.iter().filter_map(move |check| check.asked(standard))
}

#[cfg(test)]
mod tests;
