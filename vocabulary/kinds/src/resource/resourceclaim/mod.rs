//! ResourceClaim: devices that are asked for.

mod status_rules;

use crate::cells;
use crate::resource::{kept_spec, requests};
use crate::{Context, KindDef, Row, Rules, declared, fresh};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("resource.k8s.io", "ResourceClaim", || Arc::new(ResourceClaim));

struct ResourceClaim;

impl Rules for ResourceClaim {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["metadata", "spec"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), state(object).into(), cells::age(object, now)]
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        requests::default(object, "spec.devices.requests");
    }

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
        requests::drop_disabled(object, "spec.devices.requests");
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, _old: &Value) {
        requests::drop_disabled(new, "spec.devices.requests");
    }

    fn validate_update(&self, context: &Context<'_>, new: &Value, old: &Value) -> ErrorList {
        let mut out = ErrorList::default();
        match context.subresource {
            "status" => {
                declared::judge(context, new, Some(old), &mut out);
                status_rules::check(new, old, &mut out);
            }
            _ => kept_spec("resource.v1.ResourceClaimSpec", new, old, &mut out),
        }
        out
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        requests::check(&Cursor::root(new).at("spec.devices"), out);
    }
}

/// `allocated,reserved`
fn state(claim: &Value) -> String {
    let deleted = !claim.at("metadata.deletionTimestamp").is_null();
    let allocated = !claim.at("status.allocation").is_null();
    let words = [
        deleted.then_some("deleted"),
        (!allocated && !deleted).then_some("pending"),
        allocated.then_some("allocated"),
        (allocated && !claim.items("status.reservedFor").is_empty()).then_some("reserved"),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(",")
}
