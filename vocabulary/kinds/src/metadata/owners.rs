//! Owner references.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, GroupVersion, Value};

pub fn validate(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut controller: Option<String> = None;
    for owner in at.items() {
        // Upstream says which list, not which of its items.
        reference(&Cursor::new(owner.value, at.path.clone()), out);
        if !owner.at("controller").bool() {
            continue;
        }
        let name = format!("{}/{}", owner.at("kind").str(), owner.at("name").str());
        match &controller {
            None => controller = Some(name),
            Some(first) => {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                );
                check::invalid(at, why, out);
            }
        }
    }
}

/// Keeps the first of references that are the same in all; tells the uids of the others.
pub fn deduplicate(object: &mut Value) -> Vec<String> {
    let Some(Value::List(owners)) = object.at_mut("metadata.ownerReferences") else { return Vec::new() };
    let mut kept: Vec<Value> = Vec::with_capacity(owners.len());
    let mut repeated = Vec::new();
    for owner in owners.drain(..) {
        match kept.contains(&owner) {
            true => repeated.push(owner.str("uid").to_string()),
            false => kept.push(owner),
        }
    }
    *owners = kept;
    repeated
}

fn reference(owner: &Cursor<'_>, out: &mut ErrorList) {
    let version = owner.at("apiVersion");
    let parsed = GroupVersion::parse(version.str()).filter(|parsed| !parsed.version.is_empty());
    if parsed.is_none() {
        out.push(FieldError::invalid(&version.path, version.str(), "version must not be empty"));
    }
    for name in ["kind", "name", "uid"] {
        let field = owner.at(name);
        if field.str().is_empty() {
            out.push(FieldError::invalid(&field.path, "", "must not be empty"));
        }
    }
    if version.str() == "v1" && owner.at("kind").str() == "Event" {
        check::invalid(owner, "/v1, Kind=Event is disallowed from being an owner", out);
    }
}
