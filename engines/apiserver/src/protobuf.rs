//! Built-in kinds as upstream's clients may speak them: messages in the envelope that names their type.

use bytes::Bytes;
use meta::{Object, Value};
use schema::{Schema, TypeMeta, proto};

const STORED: &str = "a stored body was checked when the object was made";

/// The schema of a built-in type; none of what custom resource definitions added.
pub fn schema(api_version: &str, kind: &str) -> Option<Schema> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let package = match (group, kind) {
        ("", "Status") => "meta",
        ("", _) => "core",
        (group, _) => group.split('.').next().unwrap_or(group),
    };
    kinds::schema_of(&format!("{package}.{version}.{kind}"))
}

/// A value in its envelope; none where its type is not a built-in one.
pub fn of_value(value: &Value) -> Option<Vec<u8>> {
    let schema = schema(value.str("apiVersion"), value.str("kind"))?;
    Some(schema.to_protobuf(value))
}

/// An object in its envelope; none where its type is not a built-in one.
pub fn of_object(object: &Object) -> Option<Vec<u8>> {
    let type_meta = TypeMeta { api_version: object.gvk.group_version().api_version(), kind: object.gvk.kind.clone() };
    let mut json = Vec::new();
    object.write_json(&mut json);
    Some(schema(&type_meta.api_version, &type_meta.kind)?.json_to_protobuf(&type_meta, &json).expect(STORED))
}

/// One event of a watch, behind its length in four bytes; the object is one in its envelope.
pub fn event(word: &str, object: Option<Vec<u8>>) -> Option<Vec<u8>> {
    let event = proto::watch_event(word, &object?);
    let length = u32::try_from(event.len()).ok()?;
    let mut out = Vec::with_capacity(event.len() + 4);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&event);
    Some(out)
}

/// A list in pieces of at least so many bytes, but for those at its ends. Lengths come first in protobuf, so it is written
/// from its end, and is whole before the first piece goes out; the pieces are never copied together.
pub fn list(type_meta: &TypeMeta, metadata: &Value, items: &[impl AsRef<Object>], piece: usize) -> Option<Vec<Bytes>> {
    let list_meta = kinds::schema_of("meta.v1.ListMeta")?.to_message(metadata);
    let mut schemas: Option<(meta::Gvk, Schema)> = None;
    let (mut written, mut pieces) = (proto::Items::default(), vec![Bytes::from(proto::list_end())]);
    let mut json = Vec::new();
    for object in items.iter().rev() {
        let object = object.as_ref();
        if schemas.as_ref().is_none_or(|(known, _)| *known != object.gvk) {
            let found = schema(&object.gvk.group_version().api_version(), &object.gvk.kind)?;
            schemas = Some((object.gvk.clone(), found));
        }
        let (_, schema) = schemas.as_ref()?;
        json.clear();
        object.write_json(&mut json);
        if written.precede(schema, &json).expect(STORED) >= piece {
            pieces.push(written.take().into());
        }
    }
    pieces.push(written.take().into());
    let length = pieces[1..].iter().map(Bytes::len).sum();
    pieces.push(proto::list_head(type_meta, &list_meta, length).into());
    pieces.reverse();
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;
    use std::sync::Arc;

    fn config_map(name: &str) -> Arc<Object> {
        let value = value!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "resourceVersion": "7"},
            "data": {"a": "b"}});
        Arc::new(Object::from_value(&value).unwrap())
    }

    #[test]
    fn a_list_is_what_its_own_schema_would_write() {
        for (names, piece) in
            [(&[][..], 9), (&["a"], 9), (&["a", "b", "c"], 1), (&["a", "b", "c"], 50), (&["a", "b"], 9_999)]
        {
            let items: Vec<_> = names.iter().map(|name| config_map(name)).collect();
            let metadata = value!({"resourceVersion": "9"});
            let type_meta = TypeMeta { api_version: "v1".into(), kind: "ConfigMapList".into() };
            let pieces = list(&type_meta, &metadata, &items, piece).unwrap().concat();
            let values = items.iter().map(|item| item.decode_value()).collect();
            let whole = value!({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": metadata, "items": (Value::List(values))});
            assert_eq!(pieces, of_value(&whole).unwrap(), "{names:?}, {piece}");
        }
    }

    #[test]
    fn an_event_is_framed_and_what_is_not_built_in_has_no_message() {
        let object = config_map("a");
        let sealed = of_object(&object);
        assert_eq!(sealed, of_value(&object.decode_value()));
        let framed = event("ADDED", sealed).unwrap();
        assert_eq!(framed[..4], u32::to_be_bytes(framed.len() as u32 - 4));
        for (api_version, kind, expect) in [
            ("v1", "Status", true),
            ("autoscaling/v1", "Scale", true),
            ("rbac.authorization.k8s.io/v1", "Role", true),
            ("meta.k8s.io/v1", "PartialObjectMetadata", true),
            ("example.com/v1", "Widget", false),
        ] {
            assert_eq!(schema(api_version, kind).is_some(), expect, "{api_version} {kind}");
        }
    }
}
