//! Conditions of a request: whether it was approved, denied or failed, and when.

use crate::Context;
use meta::{Time, Value};

const VERDICTS: [&str; 2] = ["Approved", "Denied"];

/// An approval changes conditions and nothing else; a status keeps the verdicts that stand.
pub fn prepare(context: &Context<'_>, new: &mut Value, old: &Value) {
    if context.subresource == "status" {
        VERDICTS.iter().for_each(|verdict| preserve(new, old, verdict));
    }
    date(context, new, old);
    if context.subresource == "approval" {
        let conditions = new.at("status.conditions").clone();
        new.set("status", old.get("status").clone());
        match conditions.is_null() {
            true => drop(new.remove("status.conditions")),
            false => new.set("status.conditions", conditions),
        }
    }
}

/// As many as before are the same as before; more or fewer are for validation to refuse.
fn preserve(new: &mut Value, old: &Value, kind: &str) {
    let of_kind = |condition: &&Value| condition.str("type") == kind;
    let kept: Vec<Value> = old.items("status.conditions").iter().filter(of_kind).cloned().collect();
    let conditions = new.at_mut("status.conditions").and_then(Value::as_list_mut);
    let mut given: Vec<&mut Value> = conditions.into_iter().flatten().filter(|c| c.str("type") == kind).collect();
    if given.len() == kept.len() {
        given.iter_mut().zip(kept).for_each(|(given, kept)| **given = kept);
    }
}

fn date(context: &Context<'_>, new: &mut Value, old: &Value) {
    let now = Value::from(Time(context.now).to_string());
    let conditions = new.at_mut("status.conditions").and_then(Value::as_list_mut);
    for condition in conditions.into_iter().flatten() {
        condition.set_if_absent("lastUpdateTime", now.clone());
        if condition.get("lastTransitionTime").is_null() {
            let same = |known: &&Value| {
                known.str("type") == condition.str("type") && known.str("status") == condition.str("status")
            };
            let known = old.items("status.conditions").iter().find(same).map(|known| known.get("lastTransitionTime"));
            let moment = known.filter(|moment| !moment.is_null()).unwrap_or(&now).clone();
            condition.set("lastTransitionTime", moment);
        }
    }
}
