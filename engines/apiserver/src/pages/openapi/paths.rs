//! The paths of a row: which methods they take, with which parameters.

use super::document::schema_name;
use super::reference;
use crate::rows::Row;
use kinds::{KindDef, Verb};
use meta::{Map, Value, value};
use schema::openapi::Dialect;

/// A query parameter and its type.
type Parameter = (&'static str, &'static str);

const LIST: &[Parameter] = &[
    ("allowWatchBookmarks", "boolean"),
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("sendInitialEvents", "boolean"),
    ("timeoutSeconds", "integer"),
    ("watch", "boolean"),
];
const WRITE: &[Parameter] = &[("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string")];
const PATCH: &[Parameter] =
    &[("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string"), ("force", "boolean")];
const DELETE: &[Parameter] = &[
    ("dryRun", "string"),
    ("gracePeriodSeconds", "integer"),
    ("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"),
    ("orphanDependents", "boolean"),
    ("propagationPolicy", "string"),
];
const PATCH_TYPES: [&str; 4] = [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];
const ANSWER_TYPES: [&str; 2] = ["application/json", "application/yaml"];

/// One method of a path.
struct Method {
    verb: Verb,
    http: &'static str,
    action: &'static str,
    word: &'static str,
    parameters: &'static [Parameter],
}

const COLLECTION: &[Method] = &[
    Method { verb: Verb::List, http: "get", action: "list", word: "list", parameters: LIST },
    Method { verb: Verb::Create, http: "post", action: "post", word: "create", parameters: WRITE },
    Method {
        verb: Verb::DeleteCollection,
        http: "delete",
        action: "deletecollection",
        word: "deleteCollection",
        parameters: DELETE,
    },
];
const ITEM: &[Method] = &[
    Method { verb: Verb::Get, http: "get", action: "get", word: "read", parameters: &[] },
    Method { verb: Verb::Update, http: "put", action: "put", word: "replace", parameters: WRITE },
    Method { verb: Verb::Patch, http: "patch", action: "patch", word: "patch", parameters: PATCH },
    Method { verb: Verb::Delete, http: "delete", action: "delete", word: "delete", parameters: DELETE },
];
const PART: &[Method] = &[
    Method { verb: Verb::Get, http: "get", action: "get", word: "read", parameters: &[] },
    Method { verb: Verb::Create, http: "post", action: "post", word: "create", parameters: WRITE },
    Method { verb: Verb::Update, http: "put", action: "put", word: "replace", parameters: WRITE },
    Method { verb: Verb::Patch, http: "patch", action: "patch", word: "patch", parameters: PATCH },
];

pub fn add(row: &Row, version: &str, dialect: Dialect, paths: &mut Map) {
    let def = &row.def;
    let base = match def.group.as_str() {
        "" => format!("/api/{version}"),
        group => format!("/apis/{group}/{version}"),
    };
    let plural = &def.names.plural;
    let collection =
        if def.namespaced() { format!("{base}/namespaces/{{namespace}}/{plural}") } else { format!("{base}/{plural}") };
    let writer = Writer { def, version, dialect };
    writer.put(paths, &collection, COLLECTION, &def.verbs, "");
    writer.put(paths, &format!("{collection}/{{name}}"), ITEM, &def.verbs, "");
    if def.namespaced() && def.verbs.contains(&Verb::List) {
        writer.put(paths, &format!("{base}/{plural}"), &COLLECTION[..1], &def.verbs, "ForAllNamespaces");
    }
    for sub in
        def.subresources.iter().filter(|sub| sub.versions.is_empty() || sub.versions.iter().any(|v| v == version))
    {
        writer.put(paths, &format!("{collection}/{{name}}/{}", sub.name), PART, &sub.verbs, &capital(&sub.name));
    }
}

struct Writer<'a> {
    def: &'a KindDef,
    version: &'a str,
    dialect: Dialect,
}

impl Writer<'_> {
    fn put(&self, paths: &mut Map, path: &str, methods: &[Method], verbs: &[Verb], suffix: &str) {
        let mut item = Map::default();
        for method in methods.iter().filter(|method| verbs.contains(&method.verb)) {
            item.insert(method.http, self.operation(method, suffix));
        }
        if item.is_empty() {
            return;
        }
        let places = ["namespace", "name"].into_iter().filter(|place| path.contains(&format!("{{{place}}}")));
        let mut shared: Vec<Value> = places.map(|place| self.parameter(place, "string", "path")).collect();
        shared.push(self.parameter("pretty", "string", "query"));
        item.insert("parameters", Value::List(shared));
        paths.insert(path, Value::Map(item));
    }

    fn operation(&self, method: &Method, suffix: &str) -> Value {
        let (def, version) = (self.def, self.version);
        let name = schema_name(def, version);
        let answered = match method.verb {
            Verb::List => format!("{name}List"),
            Verb::Delete | Verb::DeleteCollection => "io.k8s.apimachinery.pkg.apis.meta.v1.Status".to_string(),
            _ => name.to_string(),
        };
        let id = format!("{}{}{}{}{suffix}", method.word, group_word(&def.group), capital(version), def.names.kind);
        let mut operation = value!({
            "tags": [(format!("{}_{version}", group_word(&def.group).to_lowercase()))],
            "operationId": id,
            "x-kubernetes-action": (method.action),
            "x-kubernetes-group-version-kind": {"group": (&def.group), "version": version, "kind": (&def.names.kind)},
        });
        let parameters = method.parameters.iter().map(|(name, kind)| self.parameter(name, kind, "query"));
        let mut parameters: Vec<Value> = parameters.collect();
        let body = match method.verb {
            Verb::Create | Verb::Update => Some(name.to_string()),
            Verb::Delete | Verb::DeleteCollection => {
                Some("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions".to_string())
            }
            _ => None,
        };
        match self.dialect {
            Dialect::V3 => {
                if let Some(body) = body {
                    operation
                        .set("requestBody", value!({"content": {"*/*": {"schema": (reference(self.dialect, &body))}}}));
                }
                if method.verb == Verb::Patch {
                    let content: Map =
                        PATCH_TYPES.iter().map(|kind| (*kind, value!({"schema": {"type": "object"}}))).collect();
                    operation.set("requestBody", value!({"content": content, "required": true}));
                }
                let content: Map = ANSWER_TYPES
                    .iter()
                    .map(|kind| (*kind, value!({"schema": (reference(self.dialect, &answered))})))
                    .collect();
                operation.set(
                    "responses",
                    value!({"200": {"description": "OK", "content": content}, "401": {"description": "Unauthorized"}}),
                );
            }
            Dialect::V2 => {
                if let Some(body) = body {
                    parameters.push(value!({"name": "body", "in": "body", "schema": (reference(self.dialect, &body))}));
                }
                if method.verb == Verb::Patch {
                    operation.set("consumes", PATCH_TYPES.to_vec());
                    parameters
                        .push(value!({"name": "body", "in": "body", "required": true, "schema": {"type": "object"}}));
                }
                operation.set("produces", ANSWER_TYPES.to_vec());
                operation.set(
                    "responses",
                    value!({
                        "200": {"description": "OK", "schema": (reference(self.dialect, &answered))},
                        "401": {"description": "Unauthorized"},
                    }),
                );
            }
        }
        if !parameters.is_empty() {
            operation.set("parameters", Value::List(parameters));
        }
        operation
    }

    fn parameter(&self, name: &str, kind: &str, place: &str) -> Value {
        let mut parameter = value!({"name": name, "in": place});
        match self.dialect {
            Dialect::V3 => parameter.set("schema", value!({"type": kind, "uniqueItems": true})),
            Dialect::V2 => {
                parameter.set("type", kind);
                parameter.set("uniqueItems", true);
            }
        }
        if place == "path" {
            parameter.set("required", true);
        }
        parameter
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `scheduling.k8s.io` is `Scheduling`, the legacy group `Core`, a custom one all of its words.
fn group_word(group: &str) -> String {
    match group {
        "" => "Core".into(),
        known if known.ends_with(".k8s.io") => capital(known.split('.').next().unwrap_or("")),
        other => other.split('.').map(capital).collect(),
    }
}
