//! VolumeAttachment: a volume that is (to be) attached to a node.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
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
}
