//! PersistentVolumeClaim: storage that is asked for.

use crate::cells;
use crate::{Row, Rules, volumes};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "PersistentVolumeClaim", || Arc::new(PersistentVolumeClaim));

struct PersistentVolumeClaim;

impl Rules for PersistentVolumeClaim {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let bound = !object.str("spec.volumeName").is_empty();
        let capacity = if bound { cells::text_or(object, "status.capacity.storage", "0") } else { "".into() };
        let modes = if bound { volumes::access_modes(object.at("status.accessModes")) } else { "".into() };
        vec![
            cells::name(object),
            volumes::phase(object),
            object.str("spec.volumeName").into(),
            capacity,
            modes,
            volumes::class(object).into(),
            cells::text_or(object, "spec.volumeAttributesClassName", "<unset>"),
            cells::age(object, now),
            cells::text_or(object, "spec.volumeMode", "<unset>"),
        ]
    }
}
