//! VolumeAttachment: a volume that is (to be) attached to a node.

use crate::cells;
use crate::{Context, KindDef, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "VolumeAttachment", || Arc::new(VolumeAttachment));

struct VolumeAttachment;

impl Rules for VolumeAttachment {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["metadata", "spec"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![
            cells::name(object),
            object.str("spec.attacher").into(),
            object.str("spec.source.persistentVolumeName").into(),
            object.str("spec.nodeName").into(),
            object.bool("status.attached").into(),
            cells::age(object, now),
        ]
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        source(&at.at("spec.source"), out);
        attacher(&at.at("spec.attacher"), old.is_none(), out);
        if old.is_none() {
            let name = at.at("spec.source.persistentVolumeName");
            name.clone().present().iter().for_each(|at| named(at, out));
        }
        if context.subresource == "status" {
            volume_error(&at.at("status.attachError"), out);
            volume_error(&at.at("status.detachError"), out);
        }
    }
}

/// A new attachment is judged by two sets of rules upstream, and both ask for an attacher.
fn attacher(at: &Cursor<'_>, fresh: bool, out: &mut ErrorList) {
    let there = check::required(at, "", out);
    match (fresh, there) {
        (true, true) => check::csi_driver(at, out),
        (true, false) => out.push(FieldError::required(&at.path, "")),
        (false, _) => {}
    }
}

fn source(at: &Cursor<'_>, out: &mut ErrorList) {
    const ONE: &str = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    let (name, inline) = (at.at("persistentVolumeName"), at.at("inlineVolumeSpec"));
    match (name.is_null(), inline.is_null()) {
        (true, true) => out.push(FieldError::required(&at.path, ONE)),
        (false, false) => check::forbidden(&at.path, ONE, out),
        (false, true) if name.str().is_empty() => {
            out.push(FieldError::required(&name.path, "must specify non empty persistentVolumeName"));
        }
        (true, false) => inline_volume(&inline, out),
        (false, true) => {}
    }
}

/// A volume that no PersistentVolume stands for: by a driver, and the pod's alone.
fn inline_volume(at: &Cursor<'_>, out: &mut ErrorList) {
    const CONTEXT: &str = "in the context of inline volumes";
    for field in ["claimRef", "capacity", "nodeAffinity", "storageClassName"] {
        if !at.at(field).value.is_empty() {
            check::forbidden(&at.at(field).path, &format!("may not be specified {CONTEXT}"), out);
        }
    }
    if at.at("csi").is_null() {
        out.push(FieldError::required(&at.at("csi").path, format!("has to be specified {CONTEXT}")));
    }
}

fn named(at: &Cursor<'_>, out: &mut ErrorList) {
    let complaints = meta::names::dns_subdomain(at.str()).into_iter();
    out.extend(complaints.map(|complaint| FieldError::invalid(&at.path, at.str(), complaint)));
}

fn volume_error(at: &Cursor<'_>, out: &mut ErrorList) {
    const MESSAGE_MOST: usize = 1024;
    const METADATA_MOST: usize = 256 * 1024;
    if at.at("message").str().len() > MESSAGE_MOST {
        // Upstream names another limit than the one it holds.
        out.push(FieldError::too_long(&at.at("message").path, METADATA_MOST));
    }
    if at.at("errorCode").int() < 0 {
        check::range(&at.at("errorCode"), 0, i64::from(i32::MAX), out);
    }
}
