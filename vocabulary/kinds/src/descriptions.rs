//! What upstream says of types and fields: unpacked at the first question.

use crate::facts;
use flate2::read::ZlibDecoder;
use schema::{Field, Shape, Types};
use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, OnceLock};

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

/// The type whose `apiVersion` and `kind` are described; upstream says the same of every type's own.
const TYPED: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/// The arena of all built-in types with their descriptions, under the same ids: for documents, and dropped after them.
pub fn described_types() -> Types {
    let mut types = Types::clone(facts::types());
    for node in &mut types.nodes {
        let Some(name) = node.name.clone() else { continue };
        node.description = description_of(&name).map(Arc::from);
        if let Shape::Struct(struct_type) = &mut node.shape {
            for field in &mut struct_type.fields {
                field.description = of_field(&name, field).map(Arc::from);
            }
        }
    }
    types
}

fn of_field(type_name: &str, field: &Field) -> Option<&'static str> {
    let is_type_meta = field.tag == 0 && ["apiVersion", "kind"].contains(&field.name.as_str());
    let own = description(type_name, &field.name);
    own.or_else(|| if is_type_meta { description(TYPED, &field.name) } else { None })
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

    #[test]
    fn documents_have_them_too() {
        let types = described_types();
        let pod = types.node(types.named("io.k8s.api.core.v1.Pod").unwrap());
        assert!(pod.description.is_some());
        let kind = pod.as_struct().unwrap().field("kind").unwrap();
        assert!(kind.description.as_deref().is_some_and(|text| text.starts_with("Kind is a string value")));
    }
}
