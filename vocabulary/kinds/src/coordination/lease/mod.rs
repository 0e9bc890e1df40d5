//! Lease: who holds something, and until when.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("coordination.k8s.io", "Lease", || Arc::new(Lease));

struct Lease;

impl Rules for Lease {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("spec.holderIdentity").into(), cells::age(object, now)]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        let holder = at.at("spec.preferredHolder");
        if !holder.str().is_empty() && at.at("spec.strategy").str().is_empty() {
            check::forbidden(&holder.path, "may only be specified if `strategy` is defined", out);
        }
    }

    /// Fields of a feature that is off: upstream takes them and keeps nothing.
    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        drop_election(object);
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, _old: &Value) {
        drop_election(new);
    }
}

fn drop_election(lease: &mut Value) {
    ["spec.strategy", "spec.preferredHolder"].iter().for_each(|field| _ = lease.remove(field));
}
