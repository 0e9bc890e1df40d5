//! What upstream says of types and fields: unpacked at the first question.

use flate2::read::ZlibDecoder;
use std::collections::HashMap;
use std::io::Read;
use std::sync::OnceLock;

const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptions.z"));

#[derive(Default)]
struct Described {
    itself: String,
    fields: HashMap<String, String>,
}

fn all() -> &'static HashMap<String, Described> {
    static ALL: OnceLock<HashMap<String, Described>> = OnceLock::new();
    ALL.get_or_init(unpack)
}

fn unpack() -> HashMap<String, Described> {
    let mut text = String::new();
    ZlibDecoder::new(PACKED).read_to_string(&mut text).expect("packed by the build script");
    let mut all: HashMap<String, Described> = HashMap::new();
    let mut current = String::new();
    for line in text.lines() {
        let Some((head, words)) = line.split_once('\t') else { continue };
        let words = words.replace("\\n", "\n");
        match head.split_once(' ') {
            Some(("T", name)) => {
                current = name.to_string();
                all.entry(current.clone()).or_default().itself = words;
            }
            Some((_, field)) => _ = all.entry(current.clone()).or_default().fields.insert(field.to_string(), words),
            None => {}
        }
    }
    all
}

/// Of a type, by its full name (`io.k8s.api.core.v1.Pod`).
pub fn description_of(type_name: &str) -> Option<&'static str> {
    all().get(type_name).map(|described| described.itself.as_str()).filter(|text| !text.is_empty())
}

/// Of a field of a type.
pub fn description(type_name: &str, field: &str) -> Option<&'static str> {
    let described = all().get(type_name)?;
    described.fields.get(field).map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_fields_are_described() {
        let port = "io.k8s.api.core.v1.ContainerPort";
        assert_eq!(description_of(port), Some("ContainerPort represents a network port in a single container."));
        let number = description(port, "containerPort").unwrap();
        assert!(number.ends_with("0 < x < 65536."), "{number}");
        assert!(description("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "ownerReferences").is_some());
        assert_eq!(description(port, "none"), None);
    }
}
