//! Containers of all three kinds.

use super::{Place, env, handlers, mounts, ports, resources, security};
use crate::check;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::collections::{BTreeMap, BTreeSet};

pub type Volumes<'v> = BTreeMap<&'v str, &'v Value>;

pub fn judge(spec: &Cursor<'_>, volumes: &Volumes<'_>, place: Place, out: &mut ErrorList) {
    let mut names = BTreeSet::new();
    for container in spec.at("containers").items() {
        common(spec, &container, volumes, place, out);
        unique_name(&container, &mut names, out);
        regular(spec, &container, out);
    }
    ports::host_conflicts(&spec.at("containers").items().collect::<Vec<_>>(), out);
    for container in spec.at("initContainers").items() {
        common(spec, &container, volumes, place, out);
        unique_name(&container, &mut names, out);
        init(spec, &container, out);
        ports::host_conflicts(std::slice::from_ref(&container), out);
    }
    for container in spec.at("ephemeralContainers").items() {
        common(spec, &container, volumes, place, out);
        unique_name(&container, &mut names, out);
        ephemeral(&container, spec, out);
    }
}

fn unique_name<'v>(container: &Cursor<'v>, names: &mut BTreeSet<&'v str>, out: &mut ErrorList) {
    let name = container.at("name");
    if !name.str().is_empty() && !names.insert(name.value.as_str().unwrap_or("")) {
        out.push(FieldError::duplicate(&name.path, name.str()));
    }
}

fn common(spec: &Cursor<'_>, container: &Cursor<'_>, volumes: &Volumes<'_>, place: Place, out: &mut ErrorList) {
    let image = container.at("image");
    if place == Place::Pod && image.str().trim() != image.str() {
        check::invalid(&image, "must not have leading or trailing whitespace", out);
    }
    ports::judge(&container.at("ports"), out);
    env::judge(&container.at("env"), out);
    env::from(&container.at("envFrom"), out);
    mounts::judge(container, volumes, out);
    resources::of_container(&container.at("resources"), spec, out);
    resize_policy(container, spec, out);
    security::of_container(&container.at("securityContext"), spec, out);
}

fn regular(spec: &Cursor<'_>, container: &Cursor<'_>, out: &mut ErrorList) {
    handlers::lifecycle(&container.at("lifecycle"), spec, out);
    handlers::probes(container, spec, out);
    check::one_of(&container.at("restartPolicy"), &["Always", "Never", "OnFailure"], out);
}

fn init(spec: &Cursor<'_>, container: &Cursor<'_>, out: &mut ErrorList) {
    check::one_of(&container.at("restartPolicy"), &["Always", "Never", "OnFailure"], out);
    if container.at("restartPolicy").str() == "Always" {
        handlers::lifecycle(&container.at("lifecycle"), spec, out);
        return handlers::probes(container, spec, out);
    }
    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(given) = container.at(field).present() {
            check::forbidden(&given.path, "may not be set for init containers without restartPolicy=Always", out);
        }
    }
}

/// What a container may have that is put into a running pod.
const EPHEMERAL: &[&str] = &[
    "name",
    "image",
    "command",
    "args",
    "workingDir",
    "env",
    "envFrom",
    "volumeMounts",
    "volumeDevices",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
    "targetContainerName",
];

fn ephemeral(container: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    for (name, field) in container.entries() {
        if !EPHEMERAL.contains(&name) && !field.value.is_empty() {
            check::forbidden(&container.at(name).path, "cannot be set for an Ephemeral Container", out);
        }
    }
    let target = container.at("targetContainerName");
    let known = |list: &str| spec.value.items(list).iter().any(|known| known.str("name") == target.str());
    if !target.str().is_empty() && !known("containers") && !known("initContainers") {
        out.push(FieldError::not_found(&target.path, target.str()));
    }
    for mount in container.at("volumeMounts").items() {
        for field in ["subPath", "subPathExpr"] {
            if !mount.at(field).str().is_empty() {
                check::forbidden(&mount.at(field).path, "cannot be set for an Ephemeral Container", out);
            }
        }
    }
}

/// A resource's policy stands once; the path of its faults is the list's.
fn resize_policy(container: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    let list = container.at("resizePolicy");
    let mut seen = BTreeSet::new();
    for policy in list.items() {
        let (resource, restart) = (policy.at("resourceName"), policy.at("restartPolicy"));
        if !seen.insert(resource.str().to_string()) {
            out.push(FieldError::duplicate(&policy.path, resource.str()));
        }
        for (value, words) in [(&resource, ["cpu", "memory"]), (&restart, ["NotRequired", "RestartContainer"])] {
            check::required_one_of(&Cursor::new(value.value, list.path.clone()), &words, out);
        }
        if spec.at("restartPolicy").str() == "Never" && restart.str() != "NotRequired" {
            let why = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            out.push(FieldError::invalid(&list.path, restart.str(), why));
        }
    }
}
