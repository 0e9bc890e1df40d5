//! VolumeAttachment: a volume that is (to be) attached to a node.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "VolumeAttachment", || Arc::new(VolumeAttachment));

struct VolumeAttachment;

impl Rules for VolumeAttachment {
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
        if !context.subresource.is_empty() || old.is_some() {
            return;
        }
        let source = Cursor::root(new).at("spec.source");
        let name = source.at("persistentVolumeName");
        match (name.is_null(), source.at("inlineVolumeSpec").is_null()) {
            (true, true) | (false, false) => {
                let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
                out.push(FieldError::required(&source.path, why));
            }
            (false, true) => {
                if name.str().is_empty() {
                    out.push(FieldError::required(&name.path, "must specify non empty persistentVolumeName"));
                }
                check::text(&name, meta::names::dns_subdomain(name.str()), out);
            }
            _ => {}
        }
    }
}
