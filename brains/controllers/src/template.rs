//! Pods from a template, and a template's hash.

use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use meta::Value;
use plan::Resource;

/// Upstream's alphabet of generated names.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A reference that says: this controls you, and does not go before you.
pub(crate) fn controller_reference<T: Resource>(owner: &ObjectMeta) -> OwnerReference {
    OwnerReference {
        api_version: T::API_VERSION.into(),
        kind: T::KIND.into(),
        name: owner.name.clone().unwrap_or_default(),
        uid: owner.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// `web-`, unless that would be no name to begin with.
pub(crate) fn prefix(owner: &str) -> String {
    let dashed = format!("{owner}-");
    let stands = meta::names::dns_subdomain(&format!("{dashed}a")).is_empty();
    if stands { dashed } else { owner.into() }
}

pub(crate) fn pod<T: Resource>(template: &PodTemplateSpec, owner: &ObjectMeta, name: &str) -> Pod {
    let from = template.metadata.clone().unwrap_or_default();
    let metadata = ObjectMeta {
        name: Some(name.into()),
        generate_name: Some(prefix(owner.name.as_deref().unwrap_or_default())),
        labels: from.labels,
        annotations: from.annotations,
        finalizers: from.finalizers,
        owner_references: Some(vec![controller_reference::<T>(owner)]),
        ..ObjectMeta::default()
    };
    Pod { metadata, spec: template.spec.clone(), ..Pod::default() }
}

/// A template's hash in letters that spell nothing. `collisions` gives another one to a template whose name is taken.
pub(crate) fn hash(template: &PodTemplateSpec, collisions: Option<i32>) -> String {
    let json = Value::encode(template).expect("an API type is plain JSON").to_json();
    let salt = collisions.map(i32::to_le_bytes);
    let hash = fnv32a(json.iter().chain(salt.iter().flatten()));
    hash.to_string().bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()])).collect()
}

fn fnv32a<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_stable_and_differ_by_collision() {
        assert_eq!(fnv32a(b"foobar".iter()), 0xbf9c_f968);
        let template = PodTemplateSpec::default();
        assert_eq!(hash(&template, None), hash(&template, None));
        assert_ne!(hash(&template, None), hash(&template, Some(1)));
        assert!(hash(&template, None).bytes().all(|letter| ALPHABET.contains(&letter)));
    }
}
