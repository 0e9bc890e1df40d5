//! Objects that kubectl applied on its own side carry their configuration in an annotation: it is proof of ownership when
//! kubectl applies on the server's side, and it is kept up to date.

use super::atom::Type;
use super::check::check;
use super::compare::Comparison;
use super::conflict::{ApplyError, Conflict};
use super::resource::Resource;
use super::set::Set;
use meta::Value;

/// The only manager that is taken for kubectl.
pub(super) const MANAGER: &str = "kubectl";

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// Refuses with the conflicts that the last configuration does not explain.
pub(super) fn settle(resource: &Resource<'_>, live: &Value, conflicts: Vec<Conflict>) -> Result<(), ApplyError> {
    let Some(allowed) = owned_by_annotation(resource, live) else { return Err(ApplyError::Conflicts(conflicts)) };
    let left: Vec<Conflict> = conflicts.into_iter().filter(|conflict| !allowed.has(&conflict.path)).collect();
    if left.is_empty() { Ok(()) } else { Err(ApplyError::Conflicts(left)) }
}

/// The fields of the last configuration that still are as it said.
fn owned_by_annotation(resource: &Resource<'_>, live: &Value) -> Option<Set> {
    let text = live.at("metadata.annotations").get(ANNOTATION).as_str().filter(|text| !text.is_empty())?;
    let last = meta::parse(text.as_bytes()).ok()?;
    let kind: Type<'_> = resource.kind();
    if last.str("apiVersion") != resource.api_version() || check(kind, &last).is_err() {
        return None;
    }
    let mut owned = Set::of_value(kind, &last).ok()?;
    let comparison = Comparison::of(kind, &last, live).ok()?;
    for set in [&comparison.added, &comparison.modified, &comparison.removed] {
        owned.subtract(set);
    }
    Some(owned)
}

/// Writes the new configuration into the annotation, where there is one.
pub(super) fn refresh(object: &mut Value, config: &Value) {
    let annotations = object.at_mut("metadata.annotations").and_then(Value::as_map_mut);
    let Some(annotations) = annotations.filter(|map| map.get(ANNOTATION).is_some_and(|text| !text.is_empty())) else {
        return;
    };
    annotations.insert(ANNOTATION, configuration(config));
    let size: usize = annotations.iter().map(|(name, value)| name.len() + value.as_str().unwrap_or("").len()).sum();
    if size > MAX_ANNOTATIONS {
        annotations.remove(ANNOTATION);
    }
}

/// As Go writes JSON: what HTML would trip over escaped, and a line break at the end.
fn configuration(config: &Value) -> String {
    let mut config = config.clone();
    if let Some(annotations) = config.at_mut("metadata.annotations").and_then(Value::as_map_mut) {
        annotations.remove(ANNOTATION);
    }
    let mut text = String::new();
    for c in config.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", c as u32)),
            c => text.push(c),
        }
    }
    text.push('\n');
    text
}
