//! A value as Go shows its struct in a message: every field in declared order, under Go's own name, empty ones too.
//! Types of the package `meta/v1` have JSON's names in Go as well.

use meta::{Cursor, FieldError, Problem, Value};
use schema::{Field, Shape, StructType, TypeId, Types};
use std::fmt::Write;

/// What of a name is not simply its first letter in upper case.
const NAMES: &[(&str, &str)] = &[
    ("apiGroup", "APIGroup"),
    ("apiVersion", "APIVersion"),
    ("awsElasticBlockStore", "AWSElasticBlockStore"),
    ("cel", "CEL"),
    ("cephfs", "CephFS"),
    ("cidr", "CIDR"),
    ("cidrs", "CIDRs"),
    ("csi", "CSI"),
    ("fc", "FC"),
    ("fsType", "FSType"),
    ("gcePersistentDisk", "GCEPersistentDisk"),
    ("ip", "IP"),
    ("iscsi", "ISCSI"),
    ("nfs", "NFS"),
    ("rbd", "RBD"),
    ("storageos", "StorageOS"),
    ("uid", "UID"),
];

/// What is wrong with a value that upstream shows as a struct.
pub fn invalid(types: &Types, id: TypeId, at: &Cursor<'_>, why: &str) -> FieldError {
    let mut shown = String::new();
    show(types, id, at.value, &mut shown);
    FieldError { problem: Problem::Invalid, field: at.path.to_string(), value: None, detail: format!("{shown}: {why}") }
}

fn show(types: &Types, id: TypeId, value: &Value, out: &mut String) {
    match (&types.node(id).shape, value) {
        (Shape::Struct(fields), Value::Map(_) | Value::Null) => show_struct(types, id, fields, value, out),
        (Shape::List { item, .. }, Value::List(items)) => {
            let shown = items.iter().map(|entry| shown(types, *item, entry)).collect::<Vec<_>>();
            _ = write!(out, "[{}]", shown.join(","));
        }
        (Shape::Map { value: item, .. }, Value::Map(entries)) => {
            let entries = entries.iter().map(|(key, entry)| format!("{key:?}:{}", shown(types, *item, entry)));
            _ = write!(out, "{{{}}}", entries.collect::<Vec<_>>().join(","));
        }
        (Shape::Str, Value::Null) => out.push_str("\"\""),
        (Shape::Quantity, Value::Null) => out.push_str("\"0\""),
        (Shape::Int32 | Shape::Int64 | Shape::Float | Shape::IntOrString, Value::Null) => out.push('0'),
        (Shape::Bool, Value::Null) => out.push_str("false"),
        _ => out.push_str(&escaped(&value.to_string())),
    }
}

fn shown(types: &Types, id: TypeId, value: &Value) -> String {
    let mut out = String::new();
    show(types, id, value, &mut out);
    out
}

fn show_struct(types: &Types, id: TypeId, fields: &StructType, value: &Value, out: &mut String) {
    let plain = types.node(id).name.as_ref().is_some_and(|name| name.contains(".meta.v1."));
    let mut ordered: Vec<&Field> = fields.fields.iter().collect();
    ordered.sort_by_key(|field| place(fields, field));
    let parts = ordered.into_iter().filter_map(|field| {
        let given = value.get(&field.name);
        let embedded = types.node(field.node).name.as_ref().is_some_and(|name| name == schema::types::OBJECT_META);
        match plain {
            _ if embedded => unwrapped(shown(types, field.node, given)),
            true if given.is_null() => None,
            true => Some(format!("\"{}\":{}", field.name, shown(types, field.node, given))),
            false if given.is_null() && is_nil(types, field) => Some(format!("\"{}\":null", go_name(&field.name))),
            false => Some(format!("\"{}\":{}", go_name(&field.name), shown(types, field.node, given))),
        }
    });
    _ = write!(out, "{{{}}}", parts.collect::<Vec<_>>().join(","));
}

/// Go embeds metadata: its fields stand among the others.
fn unwrapped(object: String) -> Option<String> {
    let inner = object.strip_prefix('{')?.strip_suffix('}')?;
    (!inner.is_empty()).then(|| inner.to_string())
}

/// Fields stand as protobuf numbers them; those of an embedded struct where it is embedded.
fn place(fields: &StructType, field: &Field) -> (u32, u32) {
    match field.inline.and_then(|at| fields.inlines.get(usize::from(at))) {
        Some(inline) => (inline.tag, field.tag),
        None => (field.tag, 0),
    }
}

fn is_nil(types: &Types, field: &Field) -> bool {
    let shape = &types.node(field.node).shape;
    field.pointer || matches!(shape, Shape::List { .. } | Shape::Map { .. } | Shape::Time | Shape::MicroTime)
}

fn go_name(name: &str) -> String {
    let known = NAMES.iter().find(|(json, _)| *json == name);
    known.map_or_else(|| name[..1].to_uppercase() + &name[1..], |(_, go)| (*go).to_string())
}

/// Go's JSON is fit for HTML.
fn escaped(json: &str) -> String {
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

#[cfg(test)]
mod tests {
    use crate::schema_of;
    use meta::{Cursor, value};

    #[test]
    fn structs_as_go_shows_them() {
        let source = value!({"attacher": "a", "source": {"persistentVolumeName": "pv"}, "nodeName": "n"});
        let cases = [
            (
                "storage.v1.VolumeAttachmentSpec",
                source,
                r#"{"Attacher":"a","Source":{"PersistentVolumeName":"pv","InlineVolumeSpec":null},"NodeName":"n"}"#,
            ),
            (
                "storage.v1.CSINodeDriver",
                value!({"name": "d", "topologyKeys": ["<z>"]}),
                r#"{"Name":"d","NodeID":"","TopologyKeys":["\u003cz\u003e"],"Allocatable":null}"#,
            ),
            ("meta.v1.LabelSelector", value!({"matchLabels": {"a": "b"}}), r#"{"matchLabels":{"a":"b"}}"#),
        ];
        for (name, given, expected) in cases {
            let schema = schema_of(name).expect("the type is known");
            let error = super::invalid(&schema.types, schema.root, &Cursor::root(&given), "why");
            assert_eq!(error.body(), format!("Invalid value: {expected}: why"), "{name}");
        }
    }
}
