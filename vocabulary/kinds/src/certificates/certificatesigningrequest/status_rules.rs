//! What a status may say, and who may change what of it: verdicts come by `approval`, certificates by `status`.

use crate::{Context, check};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::{Cursor, ErrorList, FieldError, Path, Value};
use std::collections::BTreeSet;

/// Conditions that hold where they stand.
const TRUE_ONLY: [&str; 3] = ["Approved", "Denied", "Failed"];
const VERDICTS: [&str; 2] = ["Approved", "Denied"];
const EXCLUSIVE: &str = "Approved and Denied conditions are mutually exclusive";

pub fn check(context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
    let status = Cursor::root(new).at("status");
    conditions(&status.at("conditions"), old, out);
    certificate(&status.at("certificate"), old, out);
    if let Some(old) = old {
        changed_conditions(context, new, old, out);
        changed_certificate(context, new, old, out);
    }
}

fn conditions(at: &Cursor<'_>, old: Option<&Value>, out: &mut ErrorList) {
    let stood = |wrong: fn(&Value) -> bool| old.is_some_and(wrong);
    let (unnamed, both, repeated) = (stood(has_unnamed), stood(has_both), stood(has_repeated));
    let mut seen = BTreeSet::new();
    for condition in at.items() {
        let kind = condition.at("type");
        if !unnamed {
            check::required(&kind, "", out);
        }
        let words: &[&str] = if TRUE_ONLY.contains(&kind.str()) { &["True"] } else { &["False", "True", "Unknown"] };
        check::required_one_of(&condition.at("status"), words, out);
        let other = VERDICTS.iter().find(|verdict| **verdict != kind.str() && VERDICTS.contains(&kind.str()));
        if other.is_some_and(|other| seen.contains(other)) && !both {
            out.push(FieldError::invalid(&at.path, kind.value.clone(), EXCLUSIVE));
        }
        if !seen.insert(kind.str()) && !repeated {
            out.push(FieldError::duplicate(&kind.path, kind.value.clone()));
        }
    }
}

fn kinds(object: &Value) -> impl Iterator<Item = &str> {
    object.items("status.conditions").iter().map(|condition| condition.str("type"))
}

fn has_unnamed(object: &Value) -> bool {
    kinds(object).any(str::is_empty)
}

fn has_both(object: &Value) -> bool {
    VERDICTS.iter().all(|verdict| kinds(object).any(|kind| kind == *verdict))
}

fn has_repeated(object: &Value) -> bool {
    kinds(object).collect::<BTreeSet<_>>().len() < kinds(object).count()
}

/// What stands is not judged again, nor what follows something that was never right.
fn certificate(at: &Cursor<'_>, old: Option<&Value>, out: &mut ErrorList) {
    let stood = old.map_or("", |old| old.str("status.certificate"));
    if at.str() == stood || judged(stood).is_err() {
        return;
    }
    if let Err(why) = judged(at.str()) {
        out.push(FieldError::invalid(&at.path, "<certificate data>", why));
    }
}

fn judged(encoded: &str) -> Result<(), String> {
    if encoded.is_empty() {
        return Ok(());
    }
    let bytes = STANDARD.decode(encoded).unwrap_or_default();
    x509::check_certificates(&bytes).map_err(|why| why.to_string())
}

fn changed_conditions(context: &Context<'_>, new: &Value, old: &Value, out: &mut ErrorList) {
    let path = Path::new("status").field("conditions");
    let count = |object: &Value, kind: &str| kinds(object).filter(|known| *known == kind).count();
    for kind in TRUE_ONLY {
        if count(new, kind) < count(old, kind) {
            check::forbidden(&path, &format!("updates may not remove a condition of type {kind:?}"), out);
        }
    }
    for kind in VERDICTS.iter().filter(|_| context.subresource != "approval") {
        if count(new, kind) > count(old, kind) {
            check::forbidden(&path, &format!("updates may not add a condition of type {kind:?}"), out);
        }
    }
}

fn changed_certificate(context: &Context<'_>, new: &Value, old: &Value, out: &mut ErrorList) {
    let (given, stood) = (new.str("status.certificate"), old.str("status.certificate"));
    let path = Path::new("status").field("certificate");
    if given == stood {
        return;
    }
    if context.subresource != "status" {
        check::forbidden(&path, "updates may not set certificate content", out);
    } else if !stood.is_empty() {
        check::forbidden(&path, "updates may not modify existing certificate content", out);
    }
}
