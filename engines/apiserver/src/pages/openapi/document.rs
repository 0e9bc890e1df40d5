//! One document from its rows: the schemas of their kinds with all they refer to, and their paths.

use super::paths::{self, Paths};
use super::reference;
use crate::rows::{Row, Table};
use kinds::KindDef;
use meta::{CompactString, GroupVersion, Map, Value, value};
use schema::openapi::Dialect;
use schema::{Extra, Schema, TypeId, Types};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const OBJECT_META: &str = "meta.v1.ObjectMeta";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const GVK: &str = "x-kubernetes-group-version-kind";
/// A built-in kind whose own fields are described as those of all are.
const ANY_KIND: &str = "core.v1.ConfigMap";
/// Types that paths of every group name, by their short names in the tables.
const COMMON: [&str; 9] = [
    "meta.v1.APIGroup",
    "meta.v1.APIGroupList",
    "meta.v1.APIResourceList",
    "meta.v1.APIVersions",
    "meta.v1.DeleteOptions",
    "meta.v1.Patch",
    "meta.v1.Status",
    "meta.v1.WatchEvent",
    "version.Info",
];

/// The document of one page, of a group, or of a version with its kinds.
pub fn v3(fill: impl FnOnce(&mut Paths, &mut Schemas)) -> Value {
    let (paths, schemas) = gathered(Dialect::V3, fill);
    let mut components = value!({"securitySchemes": {"BearerToken": {"type": "apiKey",
        "description": "Bearer Token authentication", "name": "authorization", "in": "header"}}});
    if !schemas.is_empty() {
        components.set("schemas", schemas);
    }
    let info = value!({"title": "Kubernetes", "version": "1.35"});
    value!({"openapi": "3.0.0", "info": info, "paths": paths, "components": components})
}

pub fn version(rows: &[Arc<Row>], name: &GroupVersion, paths: &mut Paths, schemas: &mut Schemas) {
    paths.add_version(&super::path_of(name), name);
    for row in rows {
        schemas.add_row(row, &name.version);
        paths.add(row, &name.version);
    }
}

pub fn v2(table: &Table) -> Value {
    let (paths, schemas) = gathered(Dialect::V2, |paths, schemas| {
        super::PAGES.iter().for_each(|page| paths.add_page(page));
        super::groups(table).iter().for_each(|group| paths.add_group(group));
        for name in super::group_versions(table) {
            version(&super::rows_of(table, &name), &name, paths, schemas);
        }
    });
    value!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "1.35"},
        "paths": paths,
        "definitions": schemas,
        "securityDefinitions": {"BearerToken": {"type": "apiKey", "description": "Bearer Token authentication",
            "name": "authorization", "in": "header"}},
        "security": [{"BearerToken": []}],
    })
}

fn gathered(dialect: Dialect, fill: impl FnOnce(&mut Paths, &mut Schemas)) -> (Map, Map) {
    let (mut paths, mut schemas) = (Paths::new(dialect), Schemas::new(dialect));
    fill(&mut paths, &mut schemas);
    let (paths, named) = paths.finish();
    (paths, schemas.finish(&named))
}

/// The name under which a kind's schema stands.
pub fn schema_name(def: &KindDef, version: &str) -> CompactString {
    let root = def.version(version).and_then(|version| version.schema.node().name.clone());
    root.unwrap_or_else(|| {
        let reversed: Vec<&str> = def.group.split('.').rev().collect();
        format!("{}.{version}.{}", reversed.join("."), def.names.kind).into()
    })
}

pub struct Schemas {
    /// Built-in types with what they are for: made for one document, for nothing else asks for prose.
    described: Arc<Types>,
    dialect: Dialect,
    done: BTreeMap<CompactString, Value>,
    waiting: Vec<(CompactString, Schema)>,
    /// Types that stand in the document when a path names them.
    offered: BTreeMap<CompactString, Schema>,
    /// Which types are kinds, whoever refers to them.
    kinds: BTreeMap<CompactString, Value>,
}

impl Schemas {
    fn new(dialect: Dialect) -> Schemas {
        let described = Arc::new(kinds::described_types());
        let (done, waiting, offered) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        let mut schemas = Schemas { described, dialect, done, waiting, offered, kinds: builtin_kinds() };
        for short in COMMON {
            let own = short.strip_prefix("meta.v1.").unwrap_or("");
            schemas.offer(short, common_gvk(own));
        }
        schemas
    }

    fn offer(&mut self, short: &str, gvk: Value) {
        if let Some(schema) = self.described(short) {
            let name = schema.node().name.clone().unwrap_or_else(|| short.into());
            self.offered.insert(name.clone(), schema);
            if !gvk.is_null() {
                self.kinds.insert(name, gvk);
            }
        }
    }

    fn described(&self, short: &str) -> Option<Schema> {
        let root = kinds::schema_of(short)?.root;
        Some(Schema { types: self.described.clone(), root })
    }

    fn add_row(&mut self, row: &Row, version: &str) {
        let Some(served) = row.version(version) else { return };
        let name = schema_name(&row.def, version);
        let mut own = match row.def.custom {
            true => self.custom(&served.schema),
            false => self.schema(&Schema { types: self.described.clone(), root: served.schema.root }),
        };
        own.set(GVK, gvk(&row.def, version, &row.def.names.kind));
        self.done.insert(name.clone(), own);
        if row.def.verbs.contains(&kinds::Verb::List) {
            let list = self.list(&row.def, version, &name);
            self.done.insert(format!("{name}List").into(), list);
        }
        for kind in row.def.subresources.iter().filter_map(|sub| sub.kind.as_ref()) {
            let gvk = value!([{"group": (&kind.group), "kind": (&kind.kind), "version": (&kind.version)}]);
            self.offer(&paths::short_name(kind), gvk);
        }
    }

    /// A custom kind has what every object has, told in the words of a built-in one. Of one that may hold anything the
    /// older dialect says no more than that it is an object.
    fn custom(&mut self, schema: &Schema) -> Value {
        let anything = schema.node().as_struct().is_some_and(|fields| fields.extra == Extra::Keep);
        if anything && self.dialect == Dialect::V2 {
            return value!({"type": "object"});
        }
        let known = self.waiting.len();
        let mut own = self.schema(schema);
        if let Some(metadata) = self.described(OBJECT_META) {
            let name = metadata.node().name.clone();
            let of_objects = self.waiting[known..].iter_mut().filter(|(referred, _)| name.as_deref() == Some(referred));
            of_objects.for_each(|(_, schema)| *schema = metadata.clone());
        }
        for field in ["apiVersion", "kind", "metadata"] {
            let words =
                self.described(ANY_KIND).and_then(|any| any.node().as_struct()?.field(field)?.description.clone());
            if let Some(words) = words {
                own.set(&format!("properties.{field}.description"), &*words);
            }
        }
        own
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
        let mut list = value!({
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "items": {"type": "array", "items": (self.named(def, item))},
                "kind": {"type": "string"},
                "metadata": (self.named(def, LIST_META)),
            },
        });
        list.set(GVK, gvk(def, version, &def.names.list_kind));
        list
    }

    /// By reference; the newer dialect tells of built-in kinds that what is left out is empty.
    fn named(&self, def: &KindDef, name: &str) -> Value {
        let reference = reference(self.dialect, name);
        match self.dialect {
            Dialect::V3 if !def.custom => value!({"default": {}, "allOf": [reference]}),
            _ => reference,
        }
    }

    fn finish(mut self, named: &BTreeSet<CompactString>) -> Map {
        let offered = std::mem::take(&mut self.offered);
        self.waiting.extend(offered.into_iter().filter(|(name, _)| named.contains(name)));
        while let Some((name, schema)) = self.waiting.pop() {
            if !self.done.contains_key(&name) {
                self.done.insert(name.clone(), Value::Null); // its place is taken: types may be recursive
                let mut value = self.schema(&schema);
                if let Some(gvk) = self.kinds.get(&name) {
                    value.set(GVK, gvk.clone());
                }
                self.done.insert(name, value);
            }
        }
        self.done.into_iter().collect()
    }
}

fn builtin_kinds() -> BTreeMap<CompactString, Value> {
    let mut kinds = BTreeMap::new();
    for def in kinds::builtin() {
        for version in &def.versions {
            kinds.insert(schema_name(&def, &version.name), gvk(&def, &version.name, &def.names.kind));
        }
    }
    kinds
}

/// Of a type that every group has, or that only the legacy group has, or that has none.
fn common_gvk(kind: &str) -> Value {
    match kind {
        "" | "Patch" => Value::Null,
        "DeleteOptions" | "WatchEvent" => {
            let mut versions = BTreeSet::new();
            for def in kinds::builtin() {
                versions.extend(def.versions.iter().map(|version| (def.group.clone(), version.name.clone())));
            }
            let each =
                versions.iter().map(|(group, version)| value!({"group": group, "kind": kind, "version": version}));
            Value::List(each.collect())
        }
        _ => value!([{"group": "", "kind": kind, "version": "v1"}]),
    }
}

fn gvk(def: &KindDef, version: &str, kind: &str) -> Value {
    value!([{"group": (&def.group), "kind": kind, "version": version}])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_kind_has_the_words_of_all_and_the_older_dialect_is_silent_of_one_that_holds_anything() {
        let metadata = kinds::schema_of("meta.v1.ObjectMeta").unwrap();
        let plain = value!({"type": "object", "description": "Foo"});
        let mut open = plain.clone();
        open.set("x-kubernetes-preserve-unknown-fields", true);
        let shown = |dialect, own: &Value| {
            let schema = schema::structural::compile(own, &metadata);
            Schemas::new(dialect).custom(&schema)
        };
        assert_eq!(shown(Dialect::V2, &open), value!({"type": "object"}));
        for (dialect, own) in [(Dialect::V2, &plain), (Dialect::V3, &plain), (Dialect::V3, &open)] {
            let shown = shown(dialect, own);
            assert_eq!(shown.str("description"), "Foo");
            for (field, words) in
                [("apiVersion", "APIVersion defines"), ("kind", "Kind is a string"), ("metadata", "Standard object's")]
            {
                let description = shown.str(&format!("properties.{field}.description"));
                assert!(description.starts_with(words), "{dialect:?} {field}: {description:?}");
            }
        }
    }
}
