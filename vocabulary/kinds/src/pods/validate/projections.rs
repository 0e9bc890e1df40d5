//! Fields and resources of a pod that show inside it.

use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError, Quantity, names};

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const HUGE: [&str; 2] = ["limits.hugepages-", "requests.hugepages-"];

/// What a downward path of version 1 may name, before subscripts.
const CONVERTIBLE: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

pub fn field(at: &Cursor<'_>, known: &[&str], out: &mut ErrorList) {
    let path = at.at("fieldPath");
    if !check::required(&at.at("apiVersion"), "", out) || !check::required(&path, "", out) {
        return;
    }
    let (name, subscript) = match path.str().strip_suffix("']").and_then(|text| text.split_once("['")) {
        Some((name, subscript)) => (name, Some(subscript)),
        None => (path.str(), None),
    };
    if at.at("apiVersion").str() != "v1" || !CONVERTIBLE.contains(&name) {
        let why = match at.at("apiVersion").str() {
            "v1" => format!("error converting fieldPath: field label not supported: {}", path.str()),
            version => format!("error converting fieldPath: unsupported pod version: {version}"),
        };
        return out.push(FieldError::invalid(&path.path, path.str(), why));
    }
    match (name, subscript) {
        ("metadata.annotations", Some(key)) => qualified(at, &key.to_lowercase(), out),
        ("metadata.labels", Some(key)) => qualified(at, key, out),
        (name, Some(_)) => out.push(FieldError::invalid(&at.path, name, "does not support subscript")),
        (name, None) if !known.contains(&name) => {
            out.push(FieldError::not_supported(&path.path, name, known.iter().copied()));
        }
        _ => {}
    }
}

fn qualified(at: &Cursor<'_>, key: &str, out: &mut ErrorList) {
    out.extend(names::qualified_name(key).into_iter().map(|complaint| FieldError::invalid(&at.path, key, complaint)));
}

pub fn resource(at: &Cursor<'_>, in_volume: bool, out: &mut ErrorList) {
    let (container, resource) = (at.at("containerName"), at.at("resource"));
    if in_volume && container.str().is_empty() {
        out.push(FieldError::required(&container.path, ""));
    } else if resource.str().is_empty() {
        out.push(FieldError::required(&resource.path, ""));
    } else if !RESOURCES.contains(&resource.str()) && !HUGE.iter().any(|prefix| resource.str().starts_with(prefix)) {
        out.push(FieldError::not_supported(&resource.path, resource.str(), RESOURCES.iter().copied()));
    }
    divisor(at, resource.str(), out);
}

fn divisor(at: &Cursor<'_>, resource: &str, out: &mut ErrorList) {
    const CPU: &[&str] = &["1m", "1"];
    const BYTES: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let text = at.at("divisor").str();
    if text.is_empty() || Quantity::parse(text).is_ok_and(|quantity| quantity.is_zero()) {
        return;
    }
    let (allowed, words, what) = match resource.rsplit('.').next().unwrap_or("") {
        "cpu" => (CPU, CPU.join(" and "), "cpu"),
        "memory" => (BYTES, BYTES.join(", "), "memory"),
        "ephemeral-storage" => (BYTES, BYTES.join(", "), "local ephemeral storage"),
        name if name.starts_with("hugepages-") => (BYTES, BYTES.join(", "), "hugepages"),
        _ => return,
    };
    if !allowed.contains(&text) {
        let why = format!("only divisor's values {words} are supported with the {what} resource");
        out.push(FieldError::invalid(&at.at("divisor").path, resource, why));
    }
}

/// A file of a downward volume; upstream names the volume, not the file, in what it says.
pub fn file(item: &Cursor<'_>, volume: &Cursor<'_>, out: &mut ErrorList) {
    const FIELDS: &[&str] =
        &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
    let path = volume.path.field("path");
    let name = item.at("path");
    if name.str().is_empty() {
        out.push(FieldError::required(&path, ""));
    }
    out.extend(formats::local_path(name.str()).into_iter().map(|why| FieldError::invalid(&path, name.str(), why)));
    let (field_ref, resource_ref) = (item.at("fieldRef"), item.at("resourceFieldRef"));
    match (field_ref.is_null(), resource_ref.is_null()) {
        (false, both) => {
            field(&Cursor::new(field_ref.value, volume.path.field("fieldRef")), FIELDS, out);
            if !both {
                let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
                out.push(FieldError::invalid(&volume.path, "resource", why));
            }
        }
        (true, false) => resource(&Cursor::new(resource_ref.value, volume.path.field("resourceFieldRef")), true, out),
        (true, true) => {
            out.push(FieldError::required(&volume.path, "one of fieldRef and resourceFieldRef is required"));
        }
    }
    if item.at("mode").value.as_int().is_some_and(|mode| !(0..=0o777).contains(&mode)) {
        let why = "must be a number between 0 and 0777 (octal), both inclusive";
        out.push(FieldError::invalid(&volume.path.field("mode"), item.at("mode").int(), why));
    }
}
