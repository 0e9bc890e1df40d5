//! The change from the status that the API holds to the one that is true now, as a strategic merge patch.

use k8s_openapi::api::core::v1::PodStatus;
use meta::Value;

/// None when there is nothing to tell. The uid in the patch keeps it from a namesake.
pub fn status_patch(uid: &str, told: &PodStatus, new: &PodStatus) -> Option<Value> {
    let encode = |status| Value::encode(status).expect("a pod status is plain JSON");
    let changes = difference(&encode(told), &encode(new))?;
    let mut patch = Value::map();
    patch.set("metadata.uid", uid);
    patch.set("status", changes);
    Some(patch)
}

/// What makes `new` of `old`; None when they are the same.
fn difference(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Map(before), Value::Map(after)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut patch = Value::map();
    for (name, value) in after.iter() {
        let standing = before.get(name).unwrap_or(&Value::Null);
        let change = match merge_key(name) {
            Some(key) => list_difference(key, standing, value),
            None if ATOMIC.contains(&name.as_str()) => (standing != value).then(|| value.clone()),
            None => difference(standing, value),
        };
        if let Some(change) = change {
            *patch.entry(name) = change;
        }
    }
    for (name, value) in before.iter().filter(|(name, value)| !after.contains(name) && !value.is_null()) {
        let removal = match merge_key(name) {
            Some(key) => list_difference(key, value, &Value::List(Vec::new())),
            None => Some(Value::Null),
        };
        if let Some(removal) = removal {
            *patch.entry(name) = removal;
        }
    }
    (!patch.is_empty()).then_some(patch)
}

/// Maps that are written whole.
const ATOMIC: [&str; 1] = ["allocatedResources"];

fn merge_key(field: &str) -> Option<&'static str> {
    match field {
        "conditions" => Some("type"),
        "podIPs" | "hostIPs" => Some("ip"),
        _ => None,
    }
}

fn list_difference(key: &str, old: &Value, new: &Value) -> Option<Value> {
    let (before, after) = (old.as_list().unwrap_or_default(), new.as_list().unwrap_or_default());
    let find = |list: &[Value], item: &Value| list.iter().find(|other| other.get(key) == item.get(key)).cloned();
    let mut patch = Vec::new();
    for item in after {
        let change = match find(before, item) {
            Some(standing) => difference(&standing, item),
            None => Some(item.clone()),
        };
        if let Some(mut change) = change {
            *change.entry(key) = item.get(key).clone();
            patch.push(change);
        }
    }
    for gone in before.iter().filter(|item| find(after, item).is_none()) {
        let mut removal = Value::map();
        *removal.entry("$patch") = "delete".into();
        *removal.entry(key) = gone.get(key).clone();
        patch.push(removal);
    }
    (!patch.is_empty()).then_some(Value::List(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(told: &str, new: &str, expect: &str) {
        let told: PodStatus = serde_json::from_str(told).unwrap();
        let new: PodStatus = serde_json::from_str(new).unwrap();
        let patch = status_patch("u", &told, &new).map(|p| serde_json::to_string(p.get("status")).unwrap());
        assert_eq!(patch.unwrap_or_default(), expect);
    }

    #[test]
    fn says_what_changed_and_no_more() {
        check(r#"{"phase":"Pending"}"#, r#"{"phase":"Pending"}"#, "");
        check(r#"{"phase":"Pending","reason":"x"}"#, r#"{"phase":"Running"}"#, r#"{"phase":"Running","reason":null}"#);
        check(
            r#"{"conditions":[{"type":"Ready","status":"False","reason":"R"},{"type":"Mine","status":"True"}]}"#,
            r#"{"conditions":[{"type":"Ready","status":"True"},{"type":"Mine","status":"True"}]}"#,
            r#"{"conditions":[{"reason":null,"status":"True","type":"Ready"}]}"#,
        );
        check(
            r#"{"podIPs":[{"ip":"10.0.0.1"}]}"#,
            r#"{"podIPs":[{"ip":"10.0.0.2"}]}"#,
            r#"{"podIPs":[{"ip":"10.0.0.2"},{"$patch":"delete","ip":"10.0.0.1"}]}"#,
        );
    }
}
