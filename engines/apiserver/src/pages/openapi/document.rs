//! One document from its rows: the schemas of their kinds with all they refer to, and their paths.

use super::{paths, reference};
use crate::rows::{Row, Table};
use kinds::KindDef;
use meta::{CompactString, GroupVersion, Map, Value, value};
use schema::openapi::Dialect;
use schema::{Schema, TypeId, Types};
use std::collections::BTreeMap;
use std::sync::Arc;

const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
/// Types that every group's requests and answers use, by their short names in the tables.
const COMMON: [&str; 2] = ["meta.v1.DeleteOptions", "meta.v1.Status"];

pub fn v3(rows: &[Arc<Row>], group_version: &GroupVersion) -> Value {
    let mut schemas = Schemas::new(Dialect::V3);
    let mut paths = Map::default();
    for row in rows {
        schemas.add_row(row, &group_version.version);
        paths::add(row, &group_version.version, Dialect::V3, &mut paths);
    }
    value!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "1.35"},
        "paths": paths,
        "components": {
            "schemas": (schemas.finish()),
            "securitySchemes": {"BearerToken": {"type": "apiKey", "description": "Bearer Token authentication",
                "name": "authorization", "in": "header"}},
        },
    })
}

pub fn v2(table: &Table) -> Value {
    let mut schemas = Schemas::new(Dialect::V2);
    let mut paths = Map::default();
    for row in table.iter() {
        for version in row.def.versions.iter().filter(|version| version.served) {
            schemas.add_row(row, &version.name);
            paths::add(row, &version.name, Dialect::V2, &mut paths);
        }
    }
    value!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.35.4"},
        "paths": paths,
        "definitions": (schemas.finish()),
        "securityDefinitions": {"BearerToken": {"type": "apiKey", "description": "Bearer Token authentication",
            "name": "authorization", "in": "header"}},
        "security": [{"BearerToken": []}],
    })
}

/// The name under which a kind's schema stands.
pub fn schema_name(def: &KindDef, version: &str) -> CompactString {
    let root = def.version(version).and_then(|version| version.schema.node().name.clone());
    root.unwrap_or_else(|| {
        let reversed: Vec<&str> = def.group.split('.').rev().collect();
        format!("{}.{version}.{}", reversed.join("."), def.names.kind).into()
    })
}

struct Schemas {
    /// Built-in types with what they are for: made for one document, for nothing else asks for prose.
    described: Arc<Types>,
    dialect: Dialect,
    done: BTreeMap<CompactString, Value>,
    waiting: Vec<(CompactString, Schema)>,
}

impl Schemas {
    fn new(dialect: Dialect) -> Schemas {
        let described = Arc::new(kinds::described_types());
        let mut schemas = Schemas { described, dialect, done: BTreeMap::new(), waiting: Vec::new() };
        for short in COMMON {
            if let Some(schema) = schemas.described(short) {
                let name = schema.node().name.clone().unwrap_or_else(|| short.into());
                schemas.waiting.push((name, schema));
            }
        }
        schemas
    }

    fn described(&self, short: &str) -> Option<Schema> {
        let root = kinds::schema_of(short)?.root;
        Some(Schema { types: self.described.clone(), root })
    }

    fn add_row(&mut self, row: &Row, version: &str) {
        let Some(served) = row.version(version) else { return };
        let name = schema_name(&row.def, version);
        let shown = match row.def.custom {
            true => served.schema.clone(),
            false => Schema { types: self.described.clone(), root: served.schema.root },
        };
        let mut own = self.schema(&shown);
        own.set("x-kubernetes-group-version-kind", gvk(&row.def, version, &row.def.names.kind));
        self.done.insert(name.clone(), own);
        if row.def.verbs.contains(&kinds::Verb::List) {
            let list = self.list(&row.def, version, &name);
            self.done.insert(format!("{name}List").into(), list);
        }
        for sub in row.def.subresources.iter().filter_map(|sub| sub.kind.as_ref()) {
            let group = sub.group.split('.').next().unwrap_or("");
            let short = format!("{}.{}.{}", if group.is_empty() { "core" } else { group }, sub.version, sub.kind);
            if let Some(schema) = self.described(&short) {
                let name = schema.node().name.clone().unwrap_or_else(|| short.into());
                self.waiting.push((name, schema));
            }
        }
    }

    fn schema(&mut self, schema: &Schema) -> Value {
        let mut referred: Vec<(CompactString, TypeId)> = Vec::new();
        let value = schema.openapi(self.dialect, &mut |name, id| referred.push((name.into(), id)));
        self.waiting.extend(referred.into_iter().map(|(name, id)| (name, schema.at(id))));
        value
    }

    fn list(&mut self, def: &KindDef, version: &str, item: &str) -> Value {
        if let Some(schema) = self.described("meta.v1.ListMeta") {
            self.waiting.push((LIST_META.into(), schema));
        }
        value!({
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "items": {"type": "array", "items": (reference(self.dialect, item))},
                "kind": {"type": "string"},
                "metadata": (reference(self.dialect, LIST_META)),
            },
            "x-kubernetes-group-version-kind": (gvk(def, version, &def.names.list_kind)),
        })
    }

    fn finish(mut self) -> Value {
        while let Some((name, schema)) = self.waiting.pop() {
            if !self.done.contains_key(&name) {
                self.done.insert(name.clone(), Value::Null); // its place is taken: types may be recursive
                let value = self.schema(&schema);
                self.done.insert(name, value);
            }
        }
        Value::Map(self.done.into_iter().collect())
    }
}

fn gvk(def: &KindDef, version: &str, kind: &str) -> Value {
    value!([{"group": (&def.group), "kind": kind, "version": version}])
}
