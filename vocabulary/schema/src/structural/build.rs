//! A structural schema to types.

use super::graft;
use super::words::{
    EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE, MAP_TYPE, PRESERVE, RULES, is_true, list, schema_at, text,
};
use crate::rules::Rules;
use crate::{
    Constraints, Details, Extra, Field, ListKind, MapKind, Node, Pattern, Rule, Schema, Shape, StructType, TypeId,
    Types,
};
use meta::{CompactString, Map, Value};
use std::sync::Arc;

/// The types of a custom kind's version. `schema` has passed [`super::check`]; what it does not say, such as every
/// object's metadata, is added. Without a schema everything is kept.
pub fn compile(schema: &Value, object_meta: &Schema) -> Schema {
    let mut types = Types { custom: true, ..Types::default() };
    let metadata = graft(&mut types, object_meta);
    let mut builder = Builder { types, metadata };
    let root = builder.object(schema);
    builder.types.rules = Rules::of(schema).map(Arc::new);
    Schema { types: Arc::new(builder.types), root }
}

struct Builder {
    types: Types,
    metadata: TypeId,
}

impl Builder {
    /// The root: what every object has stands beside the fields of the schema.
    fn object(&mut self, schema: &Value) -> TypeId {
        let mut node = self.node(schema, Stated::Type);
        if !matches!(node.shape, Shape::Struct(_)) {
            let extra = if is_true(schema, PRESERVE) || schema.is_null() { Extra::Keep } else { Extra::Prune };
            node.shape = Shape::Struct(StructType { extra, ..StructType::default() });
        }
        if let Shape::Struct(fields) = &mut node.shape {
            self.add_object_fields(fields);
        }
        self.types.add(node)
    }

    fn schema(&mut self, schema: &Value) -> TypeId {
        let node = self.node(schema, Stated::Type);
        self.types.add(node)
    }

    /// What a junctor says: rules without a type.
    fn nested(&mut self, schema: &Value) -> TypeId {
        let node = self.node(schema, Stated::Rules);
        self.types.add(node)
    }

    fn node(&mut self, schema: &Value, stated: Stated) -> Node {
        let shape = match stated {
            Stated::Type => self.shape(schema),
            Stated::Rules => self.guessed(schema),
        };
        // The two types under a junctor of an int-or-string are the one place where rules state a type.
        let scalar = scalar(schema).filter(|_| stated == Stated::Rules);
        Node {
            untyped: stated == Stated::Rules && scalar.is_none(),
            shape: scalar.unwrap_or(shape),
            nullable: is_true(schema, "nullable"),
            constraints: self.constraints_of(schema, stated),
            details: details(schema),
            description: schema.get("description").as_str().map(Arc::from),
            ..Node::default()
        }
    }

    fn shape(&mut self, schema: &Value) -> Shape {
        if is_true(schema, INT_OR_STRING) {
            return Shape::IntOrString;
        }
        match text(schema, "type") {
            "object" => self.map_or_struct(schema),
            "array" => self.list(schema, Stated::Type),
            _ => scalar(schema).unwrap_or_default(),
        }
    }

    fn guessed(&mut self, schema: &Value) -> Shape {
        let has = |name: &str| !schema.get(name).is_null();
        if has("properties") {
            let fields = self.fields(schema, Stated::Rules);
            return Shape::Struct(StructType { fields, extra: Extra::Keep, ..StructType::default() });
        }
        if has("items") { self.list(schema, Stated::Rules) } else { Shape::Any }
    }

    fn map_or_struct(&mut self, schema: &Value) -> Shape {
        let kind = if text(schema, MAP_TYPE) == "atomic" { MapKind::Atomic } else { MapKind::Granular };
        let mut fields = StructType {
            fields: self.fields(schema, Stated::Type),
            extra: extra(schema),
            kind,
            ..StructType::default()
        };
        match schema.get("additionalProperties") {
            additional @ Value::Map(_) => {
                let value = self.schema(additional);
                if fields.fields.is_empty() {
                    return Shape::Map { value, kind };
                }
                fields.extra = Extra::Typed(value);
            }
            Value::Bool(true) if fields.fields.is_empty() => {
                let value = self.types.add(Node { untyped: true, ..Node::default() });
                return Shape::Map { value, kind };
            }
            _ => {}
        }
        if is_true(schema, EMBEDDED) {
            fields.embedded_resource = true;
            self.add_object_fields(&mut fields);
        }
        Shape::Struct(fields)
    }

    fn list(&mut self, schema: &Value, stated: Stated) -> Shape {
        let item = match stated {
            Stated::Type => self.schema(schema.get("items")),
            Stated::Rules => self.nested(schema.get("items")),
        };
        let keys = list(schema, LIST_KEYS).iter().filter_map(Value::as_str).map(CompactString::from);
        let kind = match text(schema, LIST_TYPE) {
            "set" => ListKind::Set,
            "map" => ListKind::Map(keys.collect()),
            _ => ListKind::Atomic,
        };
        Shape::List { item, kind, patch: None }
    }

    fn fields(&mut self, schema: &Value, stated: Stated) -> Vec<Field> {
        let required = list(schema, "required");
        let properties = schema.get("properties").as_map().into_iter().flat_map(Map::iter);
        let field = |(name, property): (&CompactString, &Value)| Field {
            name: name.clone(),
            node: match stated {
                Stated::Type => self.schema(property),
                Stated::Rules => self.nested(property),
            },
            required: required.iter().any(|required| required.as_str() == Some(name)),
            default: Some(property.get("default")).filter(|default| !default.is_null()).cloned(),
            ..Field::default()
        };
        properties.map(field).collect()
    }

    /// `apiVersion`, `kind` and `metadata`, keeping what the schema says of them beyond their types.
    fn add_object_fields(&mut self, fields: &mut StructType) {
        for name in ["apiVersion", "kind"] {
            if position(fields, name).is_none() {
                let node = self.types.add(Node::new(Shape::Str));
                insert(&mut fields.fields, Field { name: name.into(), node, ..Field::default() });
            }
        }
        let said = position(fields, "metadata").map(|index| fields.fields.remove(index));
        let node = said.as_ref().map_or(self.metadata, |said| self.restricted_metadata(said.node));
        let said = said.unwrap_or_default();
        insert(&mut fields.fields, Field { name: "metadata".into(), node, ..said });
    }

    /// Metadata of which the schema restricts fields.
    fn restricted_metadata(&mut self, said: TypeId) -> TypeId {
        let mut node = self.types.node(self.metadata).clone();
        let said = self.types.node(said).clone();
        if let (Shape::Struct(fields), Some(said)) = (&mut node.shape, said.as_struct()) {
            for restricted in &said.fields {
                if let Some(index) = fields.index_of(&restricted.name) {
                    fields.fields[index].node = restricted.node;
                    fields.fields[index].required = restricted.required;
                }
            }
        }
        node.constraints = said.constraints;
        self.types.add(node)
    }

    /// An embedded object tells its type.
    fn constraints_of(&mut self, schema: &Value, stated: Stated) -> Option<Box<Constraints>> {
        let mut constraints = self.constraints(schema);
        if stated == Stated::Type && is_true(schema, EMBEDDED) {
            let required = &mut constraints.get_or_insert_default().required;
            for name in ["apiVersion", "kind"] {
                if !required.iter().any(|known| known == name) {
                    required.push(name.into());
                }
            }
        }
        constraints
    }

    fn constraints(&mut self, schema: &Value) -> Option<Box<Constraints>> {
        const RULES: [&str; 20] = [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "uniqueItems",
            "minProperties",
            "maxProperties",
            "required",
            "pattern",
            "format",
            "enum",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
        ];
        if RULES.iter().all(|name| schema.get(name).is_null()) {
            return None;
        }
        let some_text = |name| Some(text(schema, name)).filter(|text| !text.is_empty()).map(CompactString::from);
        let mut joined = |name| list(schema, name).iter().map(|member| self.nested(member)).collect();
        Some(Box::new(Constraints {
            all_of: joined("allOf"),
            any_of: joined("anyOf"),
            one_of: joined("oneOf"),
            not: schema_at(schema, "not").map(|not| self.nested(not)),
            minimum: number(schema, "minimum"),
            exclusive_minimum: is_true(schema, "exclusiveMinimum"),
            maximum: number(schema, "maximum"),
            exclusive_maximum: is_true(schema, "exclusiveMaximum"),
            multiple_of: number(schema, "multipleOf"),
            min_length: size(schema, "minLength"),
            max_length: size(schema, "maxLength"),
            min_items: size(schema, "minItems"),
            max_items: size(schema, "maxItems"),
            unique_items: is_true(schema, "uniqueItems"),
            min_properties: size(schema, "minProperties"),
            max_properties: size(schema, "maxProperties"),
            required: list(schema, "required").iter().filter_map(Value::as_str).map(CompactString::from).collect(),
            pattern: some_text("pattern").map(Pattern::new),
            format: some_text("format"),
            one_of_values: list(schema, "enum").to_vec(),
            ..Constraints::default()
        }))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Stated {
    Type,
    Rules,
}

fn scalar(schema: &Value) -> Option<Shape> {
    Some(match text(schema, "type") {
        "boolean" => Shape::Bool,
        "integer" => Shape::Int64,
        "number" => Shape::Float,
        "string" => Shape::Str,
        _ => return None,
    })
}

fn extra(schema: &Value) -> Extra {
    if is_true(schema, PRESERVE) { Extra::Keep } else { Extra::Prune }
}

/// Without the lookup, for fields still come.
fn position(fields: &StructType, name: &str) -> Option<usize> {
    fields.fields.iter().position(|field| field.name == name)
}

fn insert(fields: &mut Vec<Field>, field: Field) {
    let at = fields.partition_point(|known| known.name < field.name);
    fields.insert(at, field);
}

fn number(schema: &Value, name: &str) -> Option<f64> {
    match schema.get(name) {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn size(schema: &Value, name: &str) -> Option<u64> {
    schema.get(name).as_int().and_then(|size| size.try_into().ok())
}

fn details(schema: &Value) -> Option<Box<Details>> {
    let given = |name| Some(schema.get(name)).filter(|value| !value.is_null()).cloned();
    let details = Details {
        title: schema.get("title").as_str().map(CompactString::from),
        example: given("example"),
        external_docs: given("externalDocs"),
        default: given("default"),
        kind_untold: text(schema, "type") == "array" && schema.get(LIST_TYPE).is_null(),
        rules: list(schema, RULES).iter().map(rule).collect(),
    };
    let nothing = !details.kind_untold
        && details.title.is_none()
        && details.example.is_none()
        && details.external_docs.is_none()
        && details.default.is_none()
        && details.rules.is_empty();
    (!nothing).then(|| Box::new(details))
}

pub(crate) fn rule(rule: &Value) -> Rule {
    let given = |name: &str| rule.get(name).as_str().map(CompactString::from);
    Rule {
        rule: text(rule, "rule").into(),
        message: given("message"),
        message_expression: given("messageExpression"),
        reason: given("reason"),
        field_path: given("fieldPath"),
        optional_old_self: rule.get("optionalOldSelf").as_bool(),
    }
}
