//! The objects inside of an object (x-kubernetes-embedded-resource).

use crate::{Extra, Schema, Shape, TypeId, Types};
use meta::Cursor;

impl Schema {
    /// Whole objects that stand inside the value: their names, labels and the like are for the rules of metadata.
    pub fn embedded_objects<'v>(&self, value: &Cursor<'v>) -> Vec<Cursor<'v>> {
        let mut found = Vec::new();
        collect(&self.types, self.root, value, &mut found);
        found
    }
}

fn collect<'v>(types: &Types, id: TypeId, at: &Cursor<'v>, found: &mut Vec<Cursor<'v>>) {
    match &types.node(id).shape {
        Shape::Struct(fields) => {
            let Some(map) = at.value.as_map() else { return };
            if fields.embedded_resource {
                found.push(at.clone());
            }
            for (name, value) in map.iter() {
                let (id, path) = match (fields.field(name), &fields.extra) {
                    (Some(field), _) => (field.node, at.path.field(name)),
                    (None, Extra::Typed(id)) => (*id, at.path.key(name)),
                    _ => continue,
                };
                collect(types, id, &Cursor::new(value, path), found);
            }
        }
        Shape::Map { value, .. } => at.entries().for_each(|(_, entry)| collect(types, *value, &entry, found)),
        Shape::List { item, .. } => at.items().for_each(|value| collect(types, *item, &value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::specimen::custom;
    use meta::{Cursor, value};

    #[test]
    fn are_found_with_their_paths() {
        let value = value!({"metadata": {"name": "a"}, "spec": {"inner": {"kind": "A"}, "parts": [{"name": "x"}]}});
        let found = custom().embedded_objects(&Cursor::root(&value));
        let paths: Vec<String> = found.iter().map(|object| object.path.to_string()).collect();
        assert_eq!(paths, ["spec.inner"]);
    }
}
