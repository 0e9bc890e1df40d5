//! StorageClass: a sort of storage.

use crate::cells;
use crate::{Context, Row, Rules, check, volumes};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
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

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let Some(old) = old.map(Cursor::root) else { return };
        let at = Cursor::root(new);
        for field in ["provisioner", "parameters", "reclaimPolicy"] {
            if at.at(field).value != old.at(field).value {
                check::forbidden(&at.at(field).path, "updates to %s are forbidden.".replace("%s", field).as_str(), out);
            }
        }
        check::immutable(&at.at("volumeBindingMode"), &old.at("volumeBindingMode"), out);
    }
}
