//! Volumes inside of containers.

use super::containers::Volumes;
use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError};
use std::collections::BTreeSet;

pub fn judge(container: &Cursor<'_>, volumes: &Volumes<'_>, out: &mut ErrorList) {
    let (mounts, devices) = (container.at("volumeMounts"), container.at("volumeDevices"));
    let mut paths = BTreeSet::new();
    for mount in mounts.items() {
        known(&mount.at("name"), volumes, out);
        let path = mount.at("mountPath");
        if !paths.insert(path.str().to_string()) {
            out.push(FieldError::invalid(&path.path, path.str(), "must be unique"));
        }
        overlap(&mount, "mountPath", &devices, "devicePath", "volumeDevices", out);
        sub_paths(&mount, &mounts, out);
        propagation(&mount, container, &mounts, out);
    }
    self::devices(&devices, &mounts, volumes, out);
}

fn known(name: &Cursor<'_>, volumes: &Volumes<'_>, out: &mut ErrorList) {
    if !volumes.contains_key(name.str()) {
        out.push(FieldError::not_found(&name.path, name.str()));
    }
}

/// A volume is a file system or a device, not both in one container.
fn overlap(entry: &Cursor<'_>, path: &str, others: &Cursor<'_>, other_path: &str, list: &str, out: &mut ErrorList) {
    let (name, path) = (entry.at("name"), entry.at(path));
    if others.items().any(|other| other.at("name").str() == name.str()) {
        out.push(FieldError::invalid(&name.path, name.str(), format!("must not already exist in {list}")));
    }
    if others.items().any(|other| other.at(other_path).str() == path.str()) {
        out.push(FieldError::invalid(&path.path, path.str(), format!("must not already exist as a path in {list}")));
    }
}

/// Upstream names the list, not the entry, in what it says of these.
fn sub_paths(mount: &Cursor<'_>, list: &Cursor<'_>, out: &mut ErrorList) {
    for field in ["subPath", "subPathExpr"] {
        let text = mount.at(field).str();
        let complaints = formats::descending_path(text).into_iter();
        out.extend(complaints.map(|why| FieldError::invalid(&list.path.field(field), text, why)));
    }
    let expression = mount.at("subPathExpr");
    if !expression.str().is_empty() && !mount.at("subPath").str().is_empty() {
        check::invalid(&expression, "subPathExpr and subPath are mutually exclusive", out);
    }
}

fn propagation(mount: &Cursor<'_>, container: &Cursor<'_>, list: &Cursor<'_>, out: &mut ErrorList) {
    let given = mount.at("mountPropagation");
    let at = Cursor::new(given.value, list.path.field("mountPropagation"));
    check::one_of(&at, &["Bidirectional", "HostToContainer", "None"], out);
    if given.str() == "Bidirectional" && !container.at("securityContext.privileged").bool() {
        check::forbidden(&at.path, "Bidirectional mount propagation is available only to privileged containers", out);
    }
    let recursive = mount.at("recursiveReadOnly");
    let at = Cursor::new(recursive.value, list.path.field("recursiveReadOnly"));
    check::one_of(&at, &["Disabled", "Enabled", "IfPossible"], out);
    if !["Enabled", "IfPossible"].contains(&recursive.str()) {
        return;
    }
    if !mount.at("readOnly").bool() {
        check::forbidden(&at.path, "may only be specified when readOnly is true", out);
    }
    if !["", "None"].contains(&given.str()) {
        check::forbidden(&at.path, "may only be specified when mountPropagation is None or not specified", out);
    }
}

fn devices(devices: &Cursor<'_>, mounts: &Cursor<'_>, volumes: &Volumes<'_>, out: &mut ErrorList) {
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for device in devices.items() {
        let (name, path) = (device.at("name"), device.at("devicePath"));
        if names.contains(name.str()) {
            check::invalid(&name, "must be unique", out);
        }
        known(&name, volumes, out);
        let claimed = |volume: &&meta::Value| check::any_present(volume, &["persistentVolumeClaim", "ephemeral"]);
        if volumes.get(name.str()).is_some_and(|volume| !claimed(volume)) {
            let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
            check::invalid(&name, why, out);
        }
        if paths.contains(path.str()) {
            check::invalid(&path, "must be unique", out);
        }
        if !formats::no_backsteps(path.str()).is_empty() {
            check::invalid(&path, "can not contain backsteps ('..')", out);
        }
        overlap(&device, "devicePath", mounts, "mountPath", "volumeMounts", out);
        names.insert(name.str().to_string());
        paths.insert(path.str().to_string());
    }
}
