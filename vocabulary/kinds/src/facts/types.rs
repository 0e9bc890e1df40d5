//! The arena of all built-in types, parsed from the tables.

use super::words::{Flags, declared, embedded, opaque, position, scalar};
use super::{DEFAULTS, TYPES};
use meta::{CompactString, Value};
use schema::{Constraints, Details, Field, Inline, MapKind, Node, Schema, Shape, StructType, TypeId, Types};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

const JSON_SCHEMA: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

/// The arena that all built-in kinds share.
pub fn types() -> &'static Arc<Types> {
    static ARENA: OnceLock<Arc<Types>> = OnceLock::new();
    ARENA.get_or_init(|| Arc::new(Loader::default().load(TYPES, DEFAULTS)))
}

/// The schema of a type by its short name: `core.v1.PodSpec`, `meta.v1.DeleteOptions`, `rbac.v1.Role`.
pub fn schema_of(short: &str) -> Option<Schema> {
    let (package, name) = short.rsplit_once('.')?;
    let line = TYPES.iter().filter_map(|file| header(file)).find(|(alias, _)| *alias == package)?;
    let root = types().named(&format!("{}.{name}", line.1))?;
    Some(Schema { types: types().clone(), root })
}

/// `package core.v1 = io.k8s.api.core.v1`
fn header(file: &'static str) -> Option<(&'static str, &'static str)> {
    file.lines().next()?.strip_prefix("package ")?.split_once(" = ")
}

/// Every list, map and scalar of one form is one node: the arena stays small and its ids comparable.
#[derive(Default)]
struct Loader {
    types: Types,
    packages: HashMap<&'static str, &'static str>,
    /// Nodes without a name, by their text.
    anonymous: HashMap<String, TypeId>,
}

impl Loader {
    fn load(mut self, files: &'static [&'static str], defaults: &'static str) -> Types {
        self.packages = files.iter().filter_map(|file| header(file)).collect();
        for file in files {
            self.declare(file);
        }
        self.close_schemas();
        for file in files {
            self.define(file);
        }
        defaults.lines().for_each(|line| self.add_default(line));
        self.types
    }

    /// Gives every named type its id, so that fields may refer to what comes later.
    fn declare(&mut self, file: &'static str) {
        let (_, package) = header(file).expect("a table of types begins with its package");
        for line in file.lines() {
            let Some(rest) = line.strip_prefix("type ") else { continue };
            let mut words = rest.split(' ');
            let name = CompactString::from(format!("{package}.{}", words.next().unwrap_or_default()));
            let words: Vec<&str> = words.collect();
            let shape = match words.first() {
                Some(&"=") => opaque(&words[1..].join(" ")),
                _ => Shape::Struct(declared(&words)),
            };
            let id = self.types.add(Node { name: Some(name.clone()), ..Node::new(shape) });
            self.types.names.insert(name, id);
        }
    }

    /// What stands for a JSON schema refers to the schema's own type, which has its id only now.
    fn close_schemas(&mut self) {
        let Some(schema) = self.types.named(JSON_SCHEMA) else { return };
        for node in &mut self.types.nodes {
            if let Shape::SchemaOr(_, id) = &mut node.shape {
                *id = schema;
            }
        }
    }

    fn define(&mut self, file: &'static str) {
        let (_, package) = header(file).expect("a table of types begins with its package");
        let mut open = None;
        let mut struct_type = StructType::default();
        for line in file.lines().chain(["type "]) {
            if let Some(rest) = line.strip_prefix("type ") {
                self.close(open, std::mem::take(&mut struct_type));
                open = self.types.named(&format!("{package}.{}", rest.split(' ').next().unwrap_or_default()));
            } else if let Some(rest) = line.strip_prefix("  embeds ") {
                let inline = embedded(rest, &struct_type.inlines);
                struct_type.inlines.push(inline);
            } else if let Some(rest) = line.strip_prefix("  ") {
                let field = self.field(rest, package, &struct_type.inlines);
                struct_type.fields.push(field);
            }
        }
    }

    fn close(&mut self, open: Option<TypeId>, mut defined: StructType) {
        let Some(id) = open else { return };
        defined.fields.sort_by(|a, b| a.name.cmp(&b.name));
        if let Shape::Struct(declared) = &mut self.types.nodes[id.0 as usize].shape {
            let unions = std::mem::take(&mut declared.unions);
            *declared = StructType { kind: declared.kind, retain_keys: declared.retain_keys, unions, ..defined };
        }
    }

    /// `name  *Shape  2  required always list=map:name ...`
    fn field(&mut self, line: &'static str, package: &'static str, inlines: &[Inline]) -> Field {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let shape = words.next().unwrap_or_default();
        let number = words.next().unwrap_or_default();
        let (within, number) = number.split_once(':').unwrap_or(("", number));
        let flags = Flags::parse(words);
        let node = self.node(shape.trim_start_matches('*'), &flags, package);
        if flags.patch.is_some_and(|patch| patch.contains("retainKeys")) {
            self.retain_keys(node);
        }
        Field {
            name: name.into(),
            node,
            required: flags.required,
            default: flags.default,
            patch_replace: flags.patch == Some("replace"),
            tag: number.parse().unwrap_or(0),
            inline: position(within, inlines),
            pointer: shape.starts_with('*'),
            always: flags.always,
            ..Field::default()
        }
    }

    /// A union in a list or a field: strategic merge keeps only the members that the patch names.
    fn retain_keys(&mut self, node: TypeId) {
        let id = if let Shape::List { item, .. } = self.types.node(node).shape { item } else { node };
        if let Shape::Struct(struct_type) = &mut self.types.nodes[id.0 as usize].shape {
            struct_type.retain_keys = true;
        }
    }

    /// `(v1.Name)` before a shape is Go's name for it.
    fn node(&mut self, text: &str, flags: &Flags<'_>, package: &str) -> TypeId {
        let (go, shape) = match text.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some((go, shape)) => (Some(CompactString::from(go)), shape),
            None => (None, text),
        };
        if let Some(item) = shape.strip_prefix("[]") {
            let item = self.node(item, &flags.of_values(), package);
            let shape = Shape::List { item, kind: flags.list_kind(), patch: flags.patch_merge() };
            let key = format!("{go:?}[]{} {:?} {:?}", item.0, flags.list, flags.patch);
            let details = Details { kind_untold: flags.list.is_none(), ..Details::default() };
            return self.anonymous(key, Node { go, details: Some(Box::new(details)), ..Node::new(shape) });
        }
        if let Some(value) = shape.strip_prefix("{}") {
            let value = self.node(value, &flags.of_values(), package);
            let kind = if flags.map == Some("atomic") { MapKind::Atomic } else { MapKind::Granular };
            let key = format!("{go:?}{{}}{} {:?}", value.0, flags.map);
            return self.anonymous(key, Node { go, ..Node::new(Shape::Map { value, kind }) });
        }
        match scalar(shape) {
            Some(scalar) => self.scalar(text, Node { go, ..Node::new(scalar) }, flags),
            None => self.named(shape, package),
        }
    }

    fn scalar(&mut self, text: &str, mut node: Node, flags: &Flags<'_>) -> TypeId {
        if !flags.values.is_empty() {
            let one_of_values = flags.values.iter().map(|value| Value::from(value.replace('~', " "))).collect();
            node.constraints = Some(Box::new(Constraints { one_of_values, ..Constraints::default() }));
        }
        self.anonymous(format!("{text} {:?}", flags.values), node)
    }

    fn named(&self, reference: &str, home: &str) -> TypeId {
        let full = match reference.rsplit_once('.') {
            Some((alias, name)) => format!("{}.{name}", self.packages.get(alias).copied().unwrap_or(alias)),
            None => format!("{home}.{reference}"),
        };
        self.types.named(&full).unwrap_or_else(|| panic!("the tables of facts name no type {full}"))
    }

    fn anonymous(&mut self, text: String, node: Node) -> TypeId {
        if let Some(known) = self.anonymous.get(&text) {
            return *known;
        }
        let id = self.types.add(node);
        self.anonymous.insert(text, id);
        id
    }

    /// `core.v1.Container terminationMessagePath "/dev/termination-log"`
    fn add_default(&mut self, line: &str) {
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let mut words = line.splitn(3, char::is_whitespace);
        let (of, field) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let default = meta::parse(words.next().unwrap_or_default().trim().as_bytes());
        let id = self.named(of, "");
        let Shape::Struct(struct_type) = &mut self.types.nodes[id.0 as usize].shape else {
            panic!("facts/defaults.txt: {of} has no fields")
        };
        let field = struct_type.fields.iter_mut().find(|known| known.name == field);
        let field = field.unwrap_or_else(|| panic!("facts/defaults.txt: no such field: {line}"));
        field.default = Some(default.unwrap_or_else(|error| panic!("facts/defaults.txt: {line}: {error}")));
        field.default_untold = true;
    }
}
