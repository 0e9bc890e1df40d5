//! Security contexts of pods and containers.

use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError};

pub fn of_pod(spec: &Cursor<'_>, out: &mut ErrorList) {
    let context = spec.at("securityContext");
    profiles(&context, out);
    if spec.at("shareProcessNamespace").bool() && spec.at("hostPID").bool() {
        let path = context.path.field("shareProcessNamespace");
        out.push(FieldError::invalid(&path, true, "ShareProcessNamespace and HostPID cannot both be enabled"));
    }
    sysctls(&context.at("sysctls"), spec, out);
}

pub fn of_container(context: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    if context.is_null() {
        return;
    }
    profiles(context, out);
    let own_users = spec.at("hostUsers").value.as_bool() == Some(false);
    if context.at("procMount").str() == "Unmasked" && !own_users {
        check::invalid(&context.at("procMount"), "`hostUsers` must be false to use `Unmasked`", out);
    }
    if context.at("allowPrivilegeEscalation").value.as_bool() != Some(false) {
        return;
    }
    if context.at("privileged").bool() {
        check::invalid(context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true", out);
    }
    if context.at("capabilities.add").items().any(|capability| capability.str() == "CAP_SYS_ADMIN") {
        check::invalid(
            context,
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            out,
        );
    }
}

fn profiles(context: &Cursor<'_>, out: &mut ErrorList) {
    if let Some(profile) = context.at("seccompProfile").present() {
        let local = profile.at("localhostProfile");
        match (profile.at("type").str() == "Localhost", local.is_null()) {
            (true, true) => out.push(FieldError::required(&local.path, "must be set when seccomp type is Localhost")),
            (true, false) => check::text(&local, formats::descending_path(local.str()), out),
            (false, false) => {
                let why = "can only be set when seccomp type is Localhost";
                out.push(FieldError::invalid(&local.path, profile.value.clone(), why));
            }
            (false, true) => {}
        }
    }
    if let Some(profile) = context.at("appArmorProfile").present() {
        let local = profile.at("localhostProfile");
        match (profile.at("type").str() == "Localhost", local.is_null()) {
            (true, true) => out.push(FieldError::required(&local.path, "must be set when AppArmor type is Localhost")),
            (false, false) => check::invalid(&local, "can only be set when AppArmor type is Localhost", out),
            _ => {}
        }
    }
}

fn sysctls(at: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = std::collections::BTreeSet::new();
    for sysctl in at.items() {
        let name = sysctl.at("name");
        if name.str().is_empty() {
            out.push(FieldError::required(&name.path, ""));
        } else if !is_sysctl(name.str()) {
            let why = format!("must have at most 253 characters and match regex {SYSCTL}");
            check::invalid(&name, why, out);
        } else if !seen.insert(name.str().to_string()) {
            out.push(FieldError::duplicate(&name.path, name.str()));
        }
        host_sysctl(&name, spec, out);
    }
}

const SYSCTL: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

fn is_sysctl(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        matches!((bytes.first(), bytes.last()), (Some(&a), Some(&z)) if word(a) && word(z))
            && bytes.iter().all(|&b| word(b) || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split(['.', '/']).all(part)
}

/// A namespace that is the host's own has no settings of the pod's.
fn host_sysctl(name: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    let name_of = name.str().replace('/', ".");
    if name_of.starts_with("net.") && spec.at("hostNetwork").bool() {
        check::invalid(name, "may not be specified when 'hostNetwork' is true", out);
    }
    let ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].iter().any(|prefix| name_of.starts_with(prefix));
    if ipc && spec.at("hostIPC").bool() {
        check::invalid(name, "may not be specified when 'hostIPC' is true", out);
    }
}
