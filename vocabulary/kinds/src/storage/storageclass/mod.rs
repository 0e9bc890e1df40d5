//! StorageClass: a sort of storage.

use crate::cells;
use crate::{Row, Rules, volumes};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "StorageClass", || Arc::new(StorageClass));

struct StorageClass;

impl Rules for StorageClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let default = volumes::is_default_class(object);
        let name = format!("{}{}", object.str("metadata.name"), if default { " (default)" } else { "" });
        vec![
            name.into(),
            object.str("provisioner").into(),
            cells::text_or(object, "reclaimPolicy", "Delete"),
            cells::text_or(object, "volumeBindingMode", "Immediate"),
            object.bool("allowVolumeExpansion").into(),
            cells::age(object, now),
        ]
    }

    fn returns_deleted(&self) -> bool {
        true
    }
}
