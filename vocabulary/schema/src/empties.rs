//! Upstream stores built-in kinds in protobuf, which knows no empty list or map: what is read back has null there.

use crate::{Schema, Shape, StructType, TypeId, Types};
use meta::{Map, Value};

impl Schema {
    /// Makes null what of a decoded value is an empty list or map. Custom kinds are stored as JSON, as they are.
    pub fn forget_empties(&self, value: &mut Value) {
        if !self.types.custom {
            forget(&self.types, self.root, value);
        }
    }
}

fn forget(types: &Types, id: TypeId, value: &mut Value) {
    match (&types.node(id).shape, value) {
        (Shape::Struct(fields), Value::Map(map)) => forget_fields(types, fields, map),
        (Shape::Map { value: id, .. }, Value::Map(map)) => {
            map.iter_mut().for_each(|(_, value)| forget(types, *id, value));
        }
        (Shape::List { item, .. }, Value::List(items)) => {
            items.iter_mut().for_each(|value| forget(types, *item, value));
        }
        _ => {}
    }
}

fn forget_fields(types: &Types, fields: &StructType, map: &mut Map) {
    for (name, value) in map.iter_mut().filter(|(_, value)| matches!(value, Value::List(_) | Value::Map(_))) {
        let Some(field) = fields.field(name) else { continue };
        let repeated = matches!(types.node(field.node).shape, Shape::List { .. } | Shape::Map { .. });
        match repeated && value.is_empty() {
            true => *value = Value::Null,
            false => forget(types, field.node, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::specimen::{custom, pod};
    use meta::value;

    #[test]
    fn lists_without_items_become_null_and_structs_without_fields_stay() {
        let mut value = value!({"spec": {"containers": [], "securityContext": {}}});
        pod().forget_empties(&mut value);
        assert_eq!(value, value!({"spec": {"containers": null, "securityContext": {}}}));
    }

    #[test]
    fn custom_objects_keep_their_empty_lists() {
        let mut value = value!({"spec": {"tags": []}});
        let before = value.clone();
        custom().forget_empties(&mut value);
        assert_eq!(value, before);
    }
}
