//! From a definition to a row.

use super::custom::Custom;
use kinds::{Column, KindDef, Names, Scale, Scope, Subresource, Verb, Version};
use meta::{CompactString, Gvk, Object, Value};
use schema::Schema;
use schema::structural::compile;
use std::sync::Arc;

const NAME_DESCRIPTION: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const AGE_DESCRIPTION: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

const ALL: [Verb; 8] =
    [Verb::Delete, Verb::DeleteCollection, Verb::Get, Verb::List, Verb::Patch, Verb::Create, Verb::Update, Verb::Watch];

/// The row that a definition whose names are accepted asks for. None while it names no stored version.
pub fn row(definition: &Object, object_meta: &Schema) -> Option<KindDef> {
    let value = definition.decode_value();
    let spec = value.get("spec");
    let versions: Vec<Version> = spec.items("versions").iter().map(|v| version(v, object_meta)).collect();
    versions.iter().find(|version| version.storage)?;
    let group = CompactString::from(spec.str("group"));
    let mut def = KindDef {
        names: names(value.at("status.acceptedNames")),
        scope: if spec.str("scope") == "Namespaced" { Scope::Namespaced } else { Scope::Cluster },
        verbs: ALL.to_vec(),
        subresources: subresources(spec),
        storage_prefix: format!("{group}/{}", spec.str("names.plural")).into(),
        rules: Arc::new(Custom::of(spec)),
        custom: true,
        stored_as: None,
        group,
        versions,
    };
    def.versions.sort_by_key(|version| std::cmp::Reverse(kinds::version_priority(&version.name)));
    Some(def)
}

pub fn names(value: &Value) -> Names {
    let texts = |name: &str| value.items(name).iter().filter_map(Value::as_str).map(Into::into).collect();
    Names {
        kind: value.str("kind").into(),
        list_kind: value.str("listKind").into(),
        plural: value.str("plural").into(),
        singular: value.str("singular").into(),
        short: texts("shortNames"),
        categories: texts("categories"),
    }
}

fn version(version: &Value, object_meta: &Schema) -> Version {
    Version {
        name: version.str("name").into(),
        served: version.bool("served"),
        storage: version.bool("storage"),
        schema: compile(version.at("schema.openAPIV3Schema"), object_meta),
        columns: columns(version.items("additionalPrinterColumns")),
        deprecation: deprecation(version),
    }
}

fn deprecation(version: &Value) -> Option<CompactString> {
    version.bool("deprecated").then(|| version.str("deprecationWarning").into())
}

fn columns(additional: &[Value]) -> Vec<Column> {
    let name = Column {
        name: "Name".into(),
        kind: "string".into(),
        format: "name".into(),
        description: NAME_DESCRIPTION.into(),
        ..Column::default()
    };
    let age = Column {
        name: "Age".into(),
        kind: "date".into(),
        description: AGE_DESCRIPTION.into(),
        json_path: Some(".metadata.creationTimestamp".into()),
        ..Column::default()
    };
    let own: Vec<Column> = if additional.is_empty() { vec![age] } else { additional.iter().map(column).collect() };
    std::iter::once(name).chain(own).collect()
}

fn column(column: &Value) -> Column {
    let path = column.str("jsonPath");
    let description = match column.str("description") {
        "" => format!("Custom resource definition column (in JSONPath format): {path}"),
        own => own.to_string(),
    };
    Column {
        name: column.str("name").into(),
        kind: column.str("type").into(),
        format: column.str("format").into(),
        description: description.into(),
        priority: column.int("priority") as i32,
        json_path: Some(path.into()),
    }
}

/// The subresources of all versions; each says in which versions it is served.
fn subresources(spec: &Value) -> Vec<Subresource> {
    let mut found: Vec<Subresource> = Vec::new();
    for version in spec.items("versions") {
        let name = CompactString::from(version.str("name"));
        for (subresource, settings) in version.fields("subresources") {
            let scale = (subresource == "scale").then(|| scale(settings));
            match found.iter_mut().find(|known| known.name == *subresource && known.scale == scale) {
                Some(known) => known.versions.push(name.clone()),
                None => found.push(Subresource {
                    name: subresource.clone(),
                    verbs: vec![Verb::Get, Verb::Patch, Verb::Update],
                    kind: (subresource == "scale").then(|| Gvk::new("autoscaling", "v1", "Scale")),
                    versions: vec![name.clone()],
                    scale,
                }),
            }
        }
    }
    found
}

fn scale(settings: &Value) -> Scale {
    let path = |name: &str| CompactString::from(settings.str(name).trim_start_matches('.'));
    let selector = Some(path("labelSelectorPath")).filter(|path| !path.is_empty());
    Scale { spec_replicas: path("specReplicasPath"), status_replicas: path("statusReplicasPath"), selector }
}
