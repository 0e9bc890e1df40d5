//! ServiceAccount: the identity of pods.

use crate::cells;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("", "ServiceAccount", || Arc::new(ServiceAccount));

struct ServiceAccount;

impl Rules for ServiceAccount {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), cells::age(object, now)]
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        names_only(object);
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, _old: &Value) {
        names_only(new);
    }
}

/// References to secrets keep nothing but the name.
fn names_only(account: &mut Value) {
    let secrets = account.at_mut("secrets").and_then(Value::as_list_mut);
    for secret in secrets.into_iter().flatten() {
        let name = secret.get("name").clone();
        *secret = Value::map();
        if !name.is_null() {
            secret.set("name", name);
        }
    }
}
