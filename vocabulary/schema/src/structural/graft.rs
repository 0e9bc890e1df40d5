//! Copies a type with all it refers to from one arena into another.

use crate::{Extra, Node, Schema, Shape, TypeId, Types};
use std::collections::HashMap;

/// The id that the schema's type has in `into`. Named types keep their names there.
pub fn graft(into: &mut Types, from: &Schema) -> TypeId {
    Grafter { into, from: &from.types, known: HashMap::new() }.copy(from.root)
}

struct Grafter<'a> {
    into: &'a mut Types,
    from: &'a Types,
    known: HashMap<TypeId, TypeId>,
}

impl Grafter<'_> {
    fn copy(&mut self, id: TypeId) -> TypeId {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let new = self.into.add(Node::default()); // its place is taken first: types may be recursive
        self.known.insert(id, new);
        let mut node = self.from.node(id).clone();
        if let Some(name) = &node.name {
            self.into.names.insert(name.clone(), new);
        }
        self.redirect(&mut node);
        self.into.nodes[new.0 as usize] = node;
        new
    }

    fn redirect(&mut self, node: &mut Node) {
        match &mut node.shape {
            Shape::Struct(fields) => {
                for field in &mut fields.fields {
                    field.node = self.copy(field.node);
                }
                if let Extra::Typed(id) = &mut fields.extra {
                    *id = self.copy(*id);
                }
            }
            Shape::Map { value, .. } => *value = self.copy(*value),
            Shape::List { item, .. } => *item = self.copy(*item),
            Shape::SchemaOr(_, schema) => *schema = self.copy(*schema),
            _ => {}
        }
        let Some(constraints) = &mut node.constraints else { return };
        let members = [&mut constraints.all_of, &mut constraints.any_of, &mut constraints.one_of];
        for id in members.into_iter().flatten().chain(&mut constraints.not) {
            *id = self.copy(*id);
        }
    }
}
