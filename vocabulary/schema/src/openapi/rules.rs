//! What a value must satisfy beyond its type.

use super::{Dialect, Writer};
use crate::{Constraints, Details, Node, Rule, TypeId};
use meta::{CompactString, Map, Value};

pub(super) fn add_rules(writer: &mut Writer<'_>, node: &Node, out: &mut Map) {
    if node.nullable && writer.dialect == Dialect::V3 {
        out.insert("nullable", true);
    }
    if let Some(details) = &node.details {
        add_details(details, out);
    }
    if let Some(constraints) = &node.constraints {
        add_constraints(constraints, out);
        if writer.dialect == Dialect::V3 {
            add_logic(writer, constraints, out);
        }
    }
}

fn add_details(details: &Details, out: &mut Map) {
    put(out, "title", details.title.clone());
    if !details.rules.is_empty() {
        out.insert("x-kubernetes-validations", details.rules.iter().map(rule).collect::<Vec<Value>>());
    }
}

fn rule(rule: &Rule) -> Value {
    let mut out = Map::from_iter([("rule", rule.rule.clone())]);
    put(&mut out, "message", rule.message.clone());
    put(&mut out, "messageExpression", rule.message_expression.clone());
    put(&mut out, "reason", rule.reason.clone());
    put(&mut out, "fieldPath", rule.field_path.clone());
    put(&mut out, "optionalOldSelf", rule.optional_old_self);
    Value::Map(out)
}

fn put(out: &mut Map, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        out.insert(name, value);
    }
}

fn add_constraints(of: &Constraints, out: &mut Map) {
    put(out, "minimum", of.minimum);
    put(out, "maximum", of.maximum);
    put(out, "multipleOf", of.multiple_of);
    let sizes = [
        ("minLength", of.min_length),
        ("maxLength", of.max_length),
        ("minItems", of.min_items),
        ("maxItems", of.max_items),
        ("minProperties", of.min_properties),
        ("maxProperties", of.max_properties),
    ];
    sizes.into_iter().for_each(|(name, size)| put(out, name, size.map(|size| size as i64)));
    let flags = [
        ("exclusiveMinimum", of.exclusive_minimum),
        ("exclusiveMaximum", of.exclusive_maximum),
        ("uniqueItems", of.unique_items),
    ];
    flags.into_iter().for_each(|(name, flag)| put(out, name, flag.then_some(true)));
    put(out, "pattern", of.pattern.as_ref().map(|pattern| CompactString::from(pattern.as_str())));
    put(out, "format", of.format.clone());
    put(out, "enum", (!of.one_of_values.is_empty()).then(|| of.one_of_values.clone()));
    let required: Vec<Value> = of.required.iter().map(Value::from).collect();
    put(out, "required", (!required.is_empty()).then_some(required));
}

fn add_logic(writer: &mut Writer<'_>, of: &Constraints, out: &mut Map) {
    for (name, members) in [("allOf", &of.all_of), ("anyOf", &of.any_of), ("oneOf", &of.one_of)] {
        let members: Vec<Value> = members.iter().map(|id: &TypeId| writer.definition(*id)).collect();
        put(out, name, (!members.is_empty()).then_some(members));
    }
    put(out, "not", of.not.map(|not| writer.definition(not)));
}
