//! Fills in the defaults that a schema states, wherever their parent stands.

use crate::{Extra, Field, Schema, Shape, StructType, TypeId, Types};
use meta::{Map, Value};

impl Schema {
    pub fn default(&self, value: &mut Value) {
        fill(&self.types, self.root, value);
    }
}

fn fill(types: &Types, id: TypeId, value: &mut Value) {
    match (value, &types.node(id).shape) {
        (Value::Map(map), Shape::Struct(fields)) => fill_struct(types, fields, map),
        (Value::Map(map), Shape::Map { value, .. }) => {
            map.iter_mut().for_each(|(_, entry)| fill_entry(types, *value, entry));
        }
        (Value::List(items), Shape::List { item, .. }) => {
            items.iter_mut().for_each(|value| fill_entry(types, *item, value));
        }
        _ => {}
    }
}

fn fill_struct(types: &Types, fields: &StructType, map: &mut Map) {
    for field in &fields.fields {
        if let Some(default) = &field.default
            && takes_default(types, field, map.get(&field.name))
        {
            map.insert(field.name.clone(), default.clone());
        }
    }
    for (name, value) in
        map.iter_mut().filter(|(_, value)| matches!(value, Value::Null | Value::Map(_) | Value::List(_)))
    {
        match (fields.field(name), &fields.extra) {
            (Some(field), _) => fill(types, field.node, value),
            (None, Extra::Typed(id)) => fill_entry(types, *id, value),
            _ => {}
        }
    }
}

/// A plain field that Go always writes is as good as absent when it is empty.
fn takes_default(types: &Types, field: &Field, given: Option<&Value>) -> bool {
    match given {
        // An empty default of a plain field that Go leaves out when empty shows in documents alone.
        None => types.custom || field.pointer || field.always || field.default.as_ref().is_some_and(|d| !d.is_empty()),
        Some(Value::Null) => !types.node(field.node).nullable,
        Some(value) => !types.custom && field.always && !field.pointer && value.is_empty(),
    }
}

/// A list's item or a map's value: only a null takes a default here.
fn fill_entry(types: &Types, id: TypeId, value: &mut Value) {
    let node = types.node(id);
    if let (Value::Null, false, Some(details)) = (&*value, node.nullable, &node.details)
        && let Some(default) = &details.default
    {
        *value = default.clone();
    }
    fill(types, id, value);
}

#[cfg(test)]
mod tests {
    use crate::specimen::{custom, pod};
    use meta::value;

    #[test]
    fn defaults_come_where_their_parent_stands() {
        for (given, filled) in [
            (value!({}), value!({})),
            (value!({"spec": {}}), value!({"spec": {"size": 1i64, "deep": {"level": "low"}}})),
            (
                value!({"spec": {"size": null, "deep": {"level": "high"}}}),
                value!({"spec": {"size": 1i64, "deep": {"level": "high"}}}),
            ),
            (
                value!({"spec": {"size": 2i64, "deep": null, "parts": [{}, {"kind": "b"}]}}),
                value!({"spec": {"size": 2i64, "deep": {"level": "low"}, "parts": [{"kind": "a"}, {"kind": "b"}]}}),
            ),
        ] {
            let mut value = given;
            custom().default(&mut value);
            assert_eq!(value, filled);
        }
    }

    #[test]
    fn an_empty_plain_field_takes_its_default() {
        let mut value = value!({"spec": {"containers": [{"ports": [{"protocol": ""}]}]}});
        pod().default(&mut value);
        assert_eq!(value.at("spec.containers").as_list().unwrap()[0].get("ports"), &value!([{"protocol": "TCP"}]));
    }
}
