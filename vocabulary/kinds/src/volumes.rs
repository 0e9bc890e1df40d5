//! What rows of volumes, claims and storage classes have in common.

use crate::check;
use meta::{Cursor, ErrorList, Value};

const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const DEFAULT: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// `RWO,ROX`: each mode once, in upstream's order.
pub fn access_modes(modes: &Value) -> Value {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let has = |mode: &str| modes.as_list().unwrap_or(&[]).iter().any(|known| known.as_str() == Some(mode));
    let words: Vec<&str> = SHORT.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short).collect();
    words.join(",").into()
}

/// A single pod is the only writer there is.
pub fn single_writer(modes: &Cursor<'_>, out: &mut ErrorList) {
    const KNOWN: [&str; 3] = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"];
    let has = |wanted: &[&str]| modes.items().any(|mode| wanted.contains(&mode.str()));
    if has(&["ReadWriteOncePod"]) && has(&KNOWN) {
        check::forbidden(&modes.path, "may not use ReadWriteOncePod with other access modes", out);
    }
}

pub fn phase(object: &Value) -> Value {
    let deleted = !object.at("metadata.deletionTimestamp").is_null();
    if deleted { "Terminating".into() } else { object.str("status.phase").into() }
}

/// The storage class: the older annotation wins over the field.
pub fn class(object: &Value) -> &str {
    let annotation = object.at("metadata.annotations").get(CLASS);
    annotation.as_str().unwrap_or_else(|| object.str("spec.storageClassName"))
}

pub fn is_default_class(class: &Value) -> bool {
    DEFAULT.iter().any(|key| class.at("metadata.annotations").get(key).as_str() == Some("true"))
}
