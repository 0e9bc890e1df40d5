//! A status as it stands before anyone has written one: what Go's zero value shows.

use crate::Context;
use meta::Value;

pub fn status(context: &Context<'_>, object: &mut Value) {
    object.remove("status");
    if context.def.custom || !context.def.has_status() {
        return;
    }
    let schema = context.def.storage_version().schema.descend("status");
    let zero = schema.and_then(|schema| schema.decode_value(Value::map()).ok());
    if let Some(zero) = zero {
        object.set("status", zero.value);
    }
}
