//! What a claim's status may become.

use crate::{check, go_form, schema_of};
use meta::{Cursor, ErrorList, FieldError, Value};

const CONSUMERS_MOST: usize = 256;

pub fn check(new: &Value, old: &Value, out: &mut ErrorList) {
    let status = Cursor::root(new).at("status");
    let consumers = status.at("reservedFor");
    if !check::too_many(&consumers, CONSUMERS_MOST, out) {
        distinct_consumers(&consumers, out);
    }
    reserved(new, old, &consumers, out);
    let (allocation, before) = (status.at("allocation"), old.at("status.allocation"));
    if let (false, Some(schema)) = (before.is_null(), schema_of("resource.v1.AllocationResult"))
        && !allocation.is_null()
        && allocation.value != before
    {
        out.push(go_form::invalid(&schema.types, schema.root, &allocation, check::IMMUTABLE));
    }
}

fn distinct_consumers(consumers: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = Vec::new();
    for consumer in consumers.items() {
        let uid = consumer.value.str("uid");
        if seen.contains(&uid) {
            out.push(FieldError::duplicate(&consumer.path, uid));
        }
        seen.push(uid);
    }
}

/// Only what is allocated is reserved, and for nobody new once the claim goes.
fn reserved(new: &Value, old: &Value, consumers: &Cursor<'_>, out: &mut ErrorList) {
    if consumers.value.is_empty() {
        return;
    }
    if new.at("status.allocation").is_null() {
        return check::forbidden(&consumers.path, "may not be specified when `allocated` is not set", out);
    }
    let known = old.items("status.reservedFor");
    let leaving = !new.at("metadata.deletionTimestamp").is_null();
    if leaving && consumers.items().any(|consumer| !known.contains(consumer.value)) {
        let why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
        check::forbidden(&consumers.path, why, out);
    }
}
