//! A value as Go shows its struct in a message: every field in declared order, under Go's own name, empty ones too.
//! Types of the package `meta/v1` have JSON's names in Go as well.

use crate::KindDef;
use crate::facts::forms::{self, Form, Part};
use meta::{Cursor, ErrorList, FieldError, Problem, Value};
use schema::{Shape, StructType, TypeId, Types};
use std::fmt::Write;

/// What is wrong with a value that upstream shows as a struct.
pub fn invalid(types: &Types, id: TypeId, at: &Cursor<'_>, why: &str) -> FieldError {
    let shown = shown(types, id, at.value, None);
    FieldError { problem: Problem::Invalid, field: at.path.to_string(), value: None, detail: format!("{shown}: {why}") }
}

/// The objects of these messages in Go's form. Where a path names no field of the kind, they stay as they are.
pub fn show_objects(def: &KindDef, errors: &mut ErrorList) {
    if def.custom || def.stored_as.is_some() {
        return;
    }
    let schema = &def.storage_version().schema;
    for error in &mut errors.0 {
        let Some(value @ (Value::Map(_) | Value::List(_))) = &error.value else { continue };
        let Some(id) = type_at(&schema.types, schema.root, &error.field) else { continue };
        let Some(id) = fitting(&schema.types, id, value) else { continue };
        let shown = shown(&schema.types, id, value, None);
        error.detail = if error.detail.is_empty() { shown } else { format!("{shown}: {}", error.detail) };
        error.value = None;
    }
}

/// The type of what stands at a path such as `spec.containers[0].resources.limits[cpu]`.
fn type_at(types: &Types, root: TypeId, path: &str) -> Option<TypeId> {
    let mut rest = path;
    let mut id = root;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']')?,
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        id = match &types.node(id).shape {
            Shape::Struct(fields) => fields.field(step)?.node,
            Shape::List { item, .. } => *item,
            Shape::Map { value, .. } => *value,
            _ => return None,
        };
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    Some(id)
}

/// One item may be told of under the path of its list. What has other fields than the type is no value of it.
fn fitting(types: &Types, id: TypeId, value: &Value) -> Option<TypeId> {
    match (&types.node(id).shape, value) {
        (Shape::Struct(fields), Value::Map(map)) => map.keys().all(|name| fields.field(name).is_some()).then_some(id),
        (Shape::Map { .. }, Value::Map(_)) | (Shape::List { .. }, Value::List(_)) => Some(id),
        (Shape::List { item, .. }, Value::Map(_)) => fitting(types, *item, value),
        _ => None,
    }
}

/// The struct in which another one stands.
type Around<'a> = Option<(&'a StructType, &'a Value)>;

fn shown(types: &Types, id: TypeId, value: &Value, around: Around<'_>) -> String {
    match (&types.node(id).shape, value) {
        (Shape::Struct(fields), Value::Map(_) | Value::Null) => shown_struct(types, id, fields, value, around),
        (Shape::List { item, .. }, Value::List(items)) => {
            let shown = items.iter().map(|entry| shown(types, *item, entry, None)).collect::<Vec<_>>();
            format!("[{}]", shown.join(","))
        }
        (Shape::Map { value: item, .. }, Value::Map(entries)) => {
            let entries = entries.iter().map(|(key, entry)| format!("{key:?}:{}", shown(types, *item, entry, None)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        (Shape::Str, Value::Null) => "\"\"".into(),
        (Shape::Quantity, Value::Null) => "\"0\"".into(),
        (Shape::Int32 | Shape::Int64 | Shape::Float | Shape::IntOrString, Value::Null) => "0".into(),
        (Shape::Bool, Value::Null) => "false".into(),
        _ => escaped(&value.to_string()),
    }
}

fn shown_struct(types: &Types, id: TypeId, fields: &StructType, value: &Value, around: Around<'_>) -> String {
    let Some(form) = types.node(id).name.as_ref().and_then(|name| forms::of(name)) else {
        return escaped(&value.to_string());
    };
    let mut out = String::new();
    Shown { types, fields, value, around }.write(form, &mut out);
    format!("{{{out}}}")
}

struct Shown<'a> {
    types: &'a Types,
    fields: &'a StructType,
    value: &'a Value,
    around: Around<'a>,
}

impl Shown<'_> {
    fn write(&self, form: &Form, out: &mut String) {
        for part in &form.parts {
            match part {
                Part::Embedded("ObjectMeta") => self.metadata(out),
                Part::Embedded(name) => form.embedded(name).into_iter().for_each(|inner| self.write(inner, out)),
                Part::Field { name, may_be_nil } => self.field(name, *may_be_nil, out),
            }
        }
    }

    /// Go embeds metadata: its fields stand among the others.
    fn metadata(&self, out: &mut String) {
        let Some(field) = self.fields.field("metadata") else { return };
        let object = shown(self.types, field.node, self.value.get("metadata"), None);
        let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
        if !inner.is_empty() {
            separate(out);
            out.push_str(inner);
        }
    }

    fn field(&self, name: &str, may_be_nil: bool, out: &mut String) {
        let tagged = name.starts_with(|first: char| first.is_ascii_lowercase());
        let (node, given) = self.find(name);
        if tagged && given.is_null() {
            return;
        }
        separate(out);
        let text = match node {
            _ if may_be_nil && given.is_null() => "null".to_string(),
            Some(node) => shown(self.types, node, given, Some((self.fields, self.value))),
            None => "\"\"".to_string(),
        };
        _ = write!(out, "\"{name}\":{text}");
    }

    /// Some of what stands in a struct around it in JSON (a pod's `hostNetwork`) is Go's in the inner one.
    fn find(&self, name: &str) -> (Option<TypeId>, &Value) {
        for (fields, value) in std::iter::once((self.fields, self.value)).chain(self.around) {
            let found = fields.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
            if let Some(field) = found {
                return (Some(field.node), value.get(&field.name));
            }
        }
        (None, &Value::Null)
    }
}

fn separate(out: &mut String) {
    if !out.is_empty() {
        out.push(',');
    }
}

/// Go's JSON is fit for HTML.
fn escaped(json: &str) -> String {
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

#[cfg(test)]
mod tests {
    use crate::schema_of;
    use meta::{Cursor, ErrorList, FieldError, Path, Value, value};

    #[test]
    fn objects_of_messages_are_shown_by_their_paths() {
        let pod = crate::builtin().into_iter().find(|def| def.names.kind == "Pod").expect("pods are known");
        let path = Path::new("spec").field("containers").index(0).field("livenessProbe");
        let mut errors = ErrorList::default();
        errors.push(FieldError::invalid(&path, value!({"httpGet": {"port": 1i64}, "periodSeconds": 5i64}), "why"));
        errors.push(FieldError::duplicate(&Path::new("spec").field("imagePullSecrets"), value!([{"name": "a"}])));
        errors.push(FieldError::invalid(&Path::new("nowhere"), value!({"b": 1i64}), "why"));
        super::show_objects(&pod, &mut errors);
        let bodies: Vec<String> = errors.iter().map(FieldError::body).collect();
        assert_eq!(
            bodies[0],
            r#"Invalid value: {"Exec":null,"HTTPGet":{"Path":"","Port":1,"Host":"","Scheme":"","HTTPHeaders":null},"#
                .to_string()
                + r#""TCPSocket":null,"GRPC":null,"InitialDelaySeconds":0,"TimeoutSeconds":0,"PeriodSeconds":5,"#
                + r#""SuccessThreshold":0,"FailureThreshold":0,"TerminationGracePeriodSeconds":null}: why"#
        );
        assert_eq!(bodies[1], r#"Duplicate value: [{"Name":"a"}]"#);
        assert_eq!(bodies[2], r#"Invalid value: {"b":1}: why"#);
    }

    #[test]
    fn what_go_moves_is_shown_where_go_has_it() {
        let template = value!({"metadata": {"labels": {"a": "b"}}, "spec": {"hostNetwork": true, "hostname": "h"}});
        let schema = schema_of("core.v1.PodTemplateSpec").expect("the type is known");
        let body = super::invalid(&schema.types, schema.root, &Cursor::root(&template), "why").body();
        assert!(body.starts_with(r#"Invalid value: {"labels":{"a":"b"},"Spec":{"Volumes":null,"#), "{body}");
        assert!(!body.contains(r#""HostNetwork":true"#), "a security context that is nil stays so: {body}");
        let mut template = template;
        template.set("spec.securityContext", Value::map());
        let body = super::invalid(&schema.types, schema.root, &Cursor::root(&template), "why").body();
        assert!(body.contains(r#""SecurityContext":{"HostNetwork":true,"HostPID":false,"#), "{body}");
    }

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
