//! What a strategic patch says besides values: `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/...`,
//! `$setElementOrder/...`.

use super::{PatchError, unknown_directive};
use meta::{Map, Value};

pub(super) const PATCH: &str = "$patch";
pub(super) const SET_ORDER: &str = "$setElementOrder";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const RETAIN_KEYS: &str = "$retainKeys";

const BAD_RETAIN_KEYS: &str = "invalid patch format of retainKeys";
const BAD_DELETION: &str = "invalid patch format of primitive list";
pub(super) const BAD_ORDER: &str = "invalid patch format of setElementOrder list";

/// `$patch` in a map decides about the map as a whole.
pub(super) fn whole_map(directive: &Value, rest: Map) -> Result<Map, PatchError> {
    match directive.as_str() {
        Some("replace") => Ok(rest),
        Some("delete") => Ok(Map::default()),
        _ => Err(unknown_directive(directive, rest)),
    }
}

pub(super) fn with_directive(mut map: Map, directive: Value) -> Value {
    map.insert(PATCH, directive);
    Value::Map(map)
}

/// `$retainKeys` names every field that may stay; a patch that sets another contradicts itself.
pub(super) fn retain_keys(original: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let malformed = || PatchError::Malformed(BAD_RETAIN_KEYS.into());
    let keys = keys.as_list().ok_or_else(malformed)?;
    let kept = |name: &str| keys.iter().any(|key| key.as_str() == Some(name));
    let directive = |name: &str| name.starts_with(DELETE_FROM) || name.starts_with(SET_ORDER);
    if patch.iter().any(|(name, value)| !value.is_null() && !directive(name) && !kept(name)) {
        return Err(malformed());
    }
    original.retain(|name, _| kept(name));
    Ok(())
}

/// The list that `$deleteFromPrimitiveList/<list>` takes items from; none when `name` is an ordinary field.
pub(super) fn deletion_of(name: &str) -> Result<Option<&str>, PatchError> {
    if !name.starts_with(DELETE_FROM) {
        return Ok(None);
    }
    target(name, DELETE_FROM).map(Some).ok_or_else(|| PatchError::Malformed(BAD_DELETION.into()))
}

/// The list that `$setElementOrder/<list>` orders.
pub(super) fn ordered_list(name: &str) -> Result<&str, PatchError> {
    target(name, SET_ORDER).ok_or_else(|| PatchError::Malformed(BAD_ORDER.into()))
}

fn target<'n>(name: &'n str, directive: &str) -> Option<&'n str> {
    name.strip_prefix(directive)?.strip_prefix('/')
}

/// A new value without what directives would have deleted; none when the value itself is a directive.
pub(super) fn stripped(value: Value) -> Option<Value> {
    match value {
        Value::Map(fields) if fields.contains(PATCH) => None,
        Value::Map(fields) => {
            let kept = fields.into_iter().filter_map(|(name, field)| Some((name, stripped(field)?)));
            Some(Value::Map(kept.collect()))
        }
        Value::List(items) => Some(Value::List(items.into_iter().filter_map(stripped).collect())),
        scalar => Some(scalar),
    }
}
