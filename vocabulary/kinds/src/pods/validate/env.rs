//! Environment variables and where their values come from.

use super::projections;
use meta::{Cursor, ErrorList, FieldError};

const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const SOURCES: &[&str] = &["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

pub fn judge(at: &Cursor<'_>, out: &mut ErrorList) {
    for variable in at.items() {
        if let Some(source) = variable.at("valueFrom").present() {
            value_from(&variable, &source, out);
        }
    }
}

fn value_from(variable: &Cursor<'_>, source: &Cursor<'_>, out: &mut ErrorList) {
    if let Some(field) = source.at("fieldRef").present() {
        projections::field(&field, FIELDS, out);
    }
    if let Some(resource) = source.at("resourceFieldRef").present() {
        projections::resource(&resource, false, out);
    }
    let count = SOURCES.iter().filter(|name| !source.at(name).is_null()).count();
    let complaint = match count {
        0 => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        _ if !variable.at("value").str().is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    out.push(FieldError::invalid(&source.path, "", complaint));
}

/// Whole maps as variables: upstream names the list in what it says.
pub fn from(at: &Cursor<'_>, out: &mut ErrorList) {
    for source in at.items() {
        let given = ["configMapRef", "secretRef"].into_iter().filter(|name| !source.at(name).is_null()).count();
        let complaint = match given {
            0 => "must specify one of: `configMapRef` or `secretRef`",
            1 => continue,
            _ => "may not have more than one field specified at a time",
        };
        out.push(FieldError::invalid(&at.path, "", complaint));
    }
}
