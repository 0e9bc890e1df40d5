//! PersistentVolume: storage that exists.

use crate::cells;
use crate::{Row, Rules, volumes};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "PersistentVolume", || Arc::new(PersistentVolume));

struct PersistentVolume;

impl Rules for PersistentVolume {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let claim = match object.at("spec.claimRef") {
            Value::Null => String::new(),
            claim => format!("{}/{}", claim.str("namespace"), claim.str("name")),
        };
        vec![
            cells::name(object),
            cells::text_or(object, "spec.capacity.storage", "0"),
            volumes::access_modes(object.at("spec.accessModes")),
            object.str("spec.persistentVolumeReclaimPolicy").into(),
            volumes::phase(object),
            claim.into(),
            volumes::class(object).into(),
            cells::text_or(object, "spec.volumeAttributesClassName", "<unset>"),
            object.str("status.reason").into(),
            cells::age(object, now),
            cells::text_or(object, "spec.volumeMode", "<unset>"),
        ]
    }
}
