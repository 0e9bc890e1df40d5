//! The annotation in which client-side apply keeps what was applied last.

use meta::Value;

pub const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What was applied last, if it was kept.
pub fn read(object: &Value) -> Option<Value> {
    let text = object.at("metadata.annotations").get(ANNOTATION).as_str()?;
    meta::parse(text.as_bytes()).ok()
}

/// The object as it is kept: without the annotation itself, as one line.
pub fn text_of(object: &Value) -> String {
    let mut bare = object.clone();
    if bare.at("metadata.annotations").is_null() {
        bare.set("metadata.annotations", Value::map());
    }
    if let Some(annotations) = bare.at_mut("metadata.annotations").and_then(Value::as_map_mut) {
        annotations.remove(ANNOTATION);
    }
    format!("{}\n", crate::go::json(&bare))
}

pub fn write(object: &mut Value) {
    let text = text_of(object);
    *object.entry("metadata").entry("annotations").entry(ANNOTATION) = text.into();
}
