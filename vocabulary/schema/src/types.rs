//! The types: an arena of nodes that refer to each other by index, so that recursive types are plain data.

use crate::Pattern;
use crate::lookup::Lookup;
use crate::proto::Layout;
use crate::rules::Rules;
use meta::{CompactString, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The name under which an arena has the type of every object's metadata; custom kinds' arenas have a copy.
pub const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

#[derive(Clone, Debug, Default)]
pub struct Types {
    pub nodes: Vec<Node>,
    /// Named types, by upstream's name for them (`io.k8s.api.core.v1.PodSpec`).
    pub names: BTreeMap<CompactString, TypeId>,
    /// Of a custom resource definition: a value is taken as it is and then judged, where that of a built-in kind is
    /// decoded into Go's types and so loses what they cannot hold.
    pub custom: bool,
    /// The rules in CEL about the whole and its parts.
    pub rules: Option<Arc<Rules>>,
}

#[derive(Clone, Debug, Default)]
pub struct Node {
    pub shape: Shape,
    /// The full name where the type has one of its own.
    pub name: Option<CompactString>,
    /// Go's name for it in messages, where that does not follow from the shape or the name: `v1.RestartPolicy`.
    pub go: Option<CompactString>,
    pub nullable: bool,
    /// The schema states no type: the shape says only where its rules look, and a value of another type passes.
    pub untyped: bool,
    /// What a value must satisfy beyond its shape; most nodes have nothing.
    pub constraints: Option<Box<Constraints>>,
    pub details: Option<Box<Details>>,
    pub description: Option<Arc<str>>,
}

#[derive(Clone, Debug, Default)]
pub enum Shape {
    Bool,
    Int32,
    Int64,
    Float,
    Str,
    /// Base64 in JSON.
    Bytes,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    Duration,
    /// Any JSON, kept as it is, applied as one atom (RawExtension, JSON, FieldsV1).
    #[default]
    Any,
    /// A JSON schema or what may stand in its place inside a JSON schema.
    SchemaOr(SchemaOr, TypeId),
    Struct(StructType),
    Map {
        value: TypeId,
        kind: MapKind,
    },
    List {
        item: TypeId,
        kind: ListKind,
        patch: Option<PatchMerge>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaOr {
    Bool,
    List,
    Strings,
}

/// How strategic merge patch treats a list: merged, by a key of its objects or (no key) by value.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchMerge {
    pub key: Option<CompactString>,
}

#[derive(Clone, Debug, Default)]
pub struct StructType {
    /// Sorted by name, as the values are.
    pub fields: Vec<Field>,
    pub extra: Extra,
    pub kind: MapKind,
    /// Go's embedded structs: their fields stand among these in JSON, yet protobuf nests them.
    pub inlines: Vec<Inline>,
    /// The discriminated unions among the fields, as documents show them (x-kubernetes-unions).
    pub unions: Vec<Value>,
    /// Strategic merge drops fields that the patch does not name (`retainKeys`: unions).
    pub retain_keys: bool,
    /// A custom object's own `metadata` and type stand inside (x-kubernetes-embedded-resource).
    pub embedded_resource: bool,
    /// The fields by their names and by their numbers, made when first asked for: from then on no field comes or goes.
    pub lookup: OnceLock<Lookup>,
    pub layout: OnceLock<Layout>,
}

/// What becomes of fields that a struct does not name.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Extra {
    #[default]
    Prune,
    /// x-kubernetes-preserve-unknown-fields
    Keep,
    /// additionalProperties beside named ones
    Typed(TypeId),
}

#[derive(Clone, Debug, Default)]
pub struct Field {
    pub name: CompactString,
    pub node: TypeId,
    pub required: bool,
    pub default: Option<Value>,
    /// The default is Go code upstream: applied like any other, yet not told in OpenAPI.
    pub default_untold: bool,
    /// Strategic merge patch puts the new value in the old one's place as a whole.
    pub patch_replace: bool,
    /// The field's number in upstream's protobuf; 0 for custom kinds and for what protobuf leaves out.
    pub tag: u32,
    /// Go writes this field even when empty: no `omitempty`, or a struct (a time, too) by value without `omitzero`.
    /// What is absent is written as its shape's zero: null for a pointer, list, map, bytes or time; `{}`, `""`, 0.
    pub always: bool,
    /// A pointer in Go: an empty value that was given is kept, where that of a plain field counts as absent.
    pub pointer: bool,
    /// The embedded struct that holds this field in Go, by index into [`StructType::inlines`].
    pub inline: Option<u8>,
    pub description: Option<Arc<str>>,
}

/// A struct embedded in another by Go, such as a volume's source in a volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inline {
    /// Go's name of the embedded field: `VolumeSource`.
    pub go: CompactString,
    /// Its number in upstream's protobuf.
    pub tag: u32,
    /// The embedded struct that embeds this one.
    pub within: Option<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapKind {
    #[default]
    Granular,
    Atomic,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListKind {
    #[default]
    Atomic,
    Set,
    Map(Vec<CompactString>),
}

/// JSON schema's and upstream's declarative rules.
#[derive(Clone, Debug, Default)]
pub struct Constraints {
    pub minimum: Option<f64>,
    pub exclusive_minimum: bool,
    pub maximum: Option<f64>,
    pub exclusive_maximum: bool,
    pub multiple_of: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
    /// Names that must be present, in the order in which they are missed.
    pub required: Vec<CompactString>,
    pub pattern: Option<Pattern>,
    pub format: Option<CompactString>,
    /// enum
    pub one_of_values: Vec<Value>,
    pub all_of: Vec<TypeId>,
    pub any_of: Vec<TypeId>,
    pub one_of: Vec<TypeId>,
    pub not: Option<TypeId>,
    pub immutable: bool,
}

/// What documents show and few operations read.
#[derive(Clone, Debug, Default)]
pub struct Details {
    pub title: Option<CompactString>,
    pub example: Option<Value>,
    pub external_docs: Option<Value>,
    /// Of a list's item or a map's value; a struct's field has its own.
    pub default: Option<Value>,
    /// A list whose kind is the default, which its documents leave out.
    pub kind_untold: bool,
    /// x-kubernetes-validations
    pub rules: Vec<Rule>,
}

/// A rule in CEL, as a custom resource definition writes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    pub rule: CompactString,
    pub message: Option<CompactString>,
    pub message_expression: Option<CompactString>,
    pub reason: Option<CompactString>,
    pub field_path: Option<CompactString>,
    pub optional_old_self: Option<bool>,
}

#[derive(Clone, Debug)]
pub struct Schema {
    pub types: Arc<Types>,
    pub root: TypeId,
}

impl Types {
    pub fn add(&mut self, node: Node) -> TypeId {
        self.nodes.push(node);
        TypeId(self.nodes.len() as u32 - 1)
    }

    pub fn node(&self, id: TypeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub fn named(&self, name: &str) -> Option<TypeId> {
        self.names.get(name).copied()
    }
}

impl Node {
    pub fn new(shape: Shape) -> Node {
        Node { shape, ..Node::default() }
    }

    pub fn as_struct(&self) -> Option<&StructType> {
        if let Shape::Struct(fields) = &self.shape { Some(fields) } else { None }
    }
}

impl StructType {
    pub(crate) fn lookup(&self) -> &Lookup {
        self.lookup.get_or_init(|| Lookup::of(&self.fields))
    }

    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.lookup().find(&self.fields, name)
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.index_of(name).map(|index| &self.fields[index])
    }
}

impl Schema {
    pub fn node(&self) -> &Node {
        self.types.node(self.root)
    }

    /// The same arena seen from another type.
    pub fn at(&self, root: TypeId) -> Schema {
        Schema { types: self.types.clone(), root }
    }

    /// The schema of the field at a dotted path of named fields; through lists, of their items.
    pub fn descend(&self, path: &str) -> Option<Schema> {
        path.split('.').try_fold(self.clone(), |schema, name| schema.field(name))
    }

    /// The schema of a list's items.
    pub fn item(&self) -> Option<Schema> {
        if let Shape::List { item, .. } = self.node().shape { Some(self.at(item)) } else { None }
    }

    fn field(&self, name: &str) -> Option<Schema> {
        match &self.node().shape {
            Shape::Struct(fields) => fields.field(name).map(|field| self.at(field.node)),
            Shape::List { item, .. } => self.at(*item).field(name),
            Shape::Map { value, .. } => Some(self.at(*value)),
            _ => None,
        }
    }
}
