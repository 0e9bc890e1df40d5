//! The change from the status that the API holds to the one that is true now, as a JSON merge patch.

use super::conditions::is_owned;
use k8s_openapi::api::core::v1::PodStatus;
use meta::Value;

/// None when there is nothing to tell. Lists are written whole: the patch must be guarded by the resource version of
/// `told`, from which others' conditions are taken.
pub fn status_patch(told: &PodStatus, new: &PodStatus) -> Option<Value> {
    let encode = |status| Value::encode(status).expect("a pod status is plain JSON");
    let foreign = told.conditions.iter().flatten().filter(|c| !is_owned(&c.type_)).cloned();
    let own = new.conditions.iter().flatten().filter(|c| is_owned(&c.type_)).cloned();
    let merged = PodStatus { conditions: Some(foreign.chain(own).collect()), ..new.clone() };
    difference(&encode(told), &encode(&merged))
}

/// What makes `new` of `old`; None when they are the same.
fn difference(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Map(before), Value::Map(after)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut patch = Value::map();
    for (name, value) in after.iter() {
        if let Some(change) = difference(before.get(name).unwrap_or(&Value::Null), value) {
            *patch.entry(name) = change;
        }
    }
    for (name, _) in before.iter().filter(|(name, value)| !after.contains(name) && !value.is_null()) {
        *patch.entry(name) = Value::Null;
    }
    (!patch.is_empty()).then_some(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(told: &str, new: &str, expect: &str) {
        let told: PodStatus = serde_json::from_str(told).unwrap();
        let new: PodStatus = serde_json::from_str(new).unwrap();
        let patch = status_patch(&told, &new).map(|p| serde_json::to_string(&p).unwrap());
        assert_eq!(patch.unwrap_or_default(), expect);
    }

    #[test]
    fn says_what_changed_and_no_more() {
        let none = r#""conditions":[]"#;
        check(&format!(r#"{{"phase":"Pending",{none}}}"#), r#"{"phase":"Pending"}"#, "");
        check(
            &format!(r#"{{"phase":"Pending","reason":"x",{none}}}"#),
            r#"{"phase":"Running"}"#,
            r#"{"phase":"Running","reason":null}"#,
        );
        check(
            r#"{"conditions":[{"type":"Ready","status":"False","reason":"R"},{"type":"Mine","status":"True"}]}"#,
            r#"{"conditions":[{"type":"Ready","status":"True"}]}"#,
            r#"{"conditions":[{"status":"True","type":"Mine"},{"status":"True","type":"Ready"}]}"#,
        );
    }
}
