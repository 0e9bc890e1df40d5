//! An object's JSON as a message needs it: a struct's fields at their places, texts where they stand, and what has no type
//! as its own text.

use crate::{Shape, StructType, TypeId, Types};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree<'t> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'t, str>),
    List(Vec<Tree<'t>>),
    Map(Vec<(Cow<'t, str>, Tree<'t>)>),
    /// Null where a field is not there.
    Struct(Vec<Tree<'t>>),
    /// JSON.
    Raw(&'t str),
}

impl<'t> Tree<'t> {
    /// What does not fit its type is left out.
    pub fn read(types: &Types, id: TypeId, json: &'t [u8]) -> serde_json::Result<Tree<'t>> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        reader.disable_recursion_limit(); // whoever decoded the object counted
        Seed { types, id }.deserialize(&mut reader)
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Tree::Text(text) = self { Some(text) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Tree::Bool(truth) = self { Some(*truth) } else { None }
    }

    pub fn as_int(&self) -> Option<i64> {
        if let Tree::Int(number) = self { Some(*number) } else { None }
    }

    pub fn items(&self) -> &[Tree<'t>] {
        if let Tree::List(items) = self { items } else { &[] }
    }

    pub fn entries(&self) -> &[(Cow<'t, str>, Tree<'t>)] {
        if let Tree::Map(entries) = self { entries } else { &[] }
    }

    /// A struct's fields, or none of them.
    pub fn fields(&self) -> &[Tree<'t>] {
        if let Tree::Struct(fields) = self { fields } else { &[] }
    }
}

#[derive(Clone, Copy)]
struct Seed<'s> {
    types: &'s Types,
    id: TypeId,
}

impl<'s> Seed<'s> {
    fn shape(&self) -> &'s Shape {
        &self.types.node(self.id).shape
    }

    fn of(&self, id: TypeId) -> Seed<'s> {
        Seed { id, ..*self }
    }

    fn read_struct<'t, A: MapAccess<'t>>(&self, fields: &StructType, mut map: A) -> Result<Tree<'t>, A::Error> {
        let mut slots = vec![Tree::Null; fields.fields.len()];
        while let Some(name) = map.next_key_seed(Name)? {
            match fields.index_of(&name) {
                Some(index) => slots[index] = map.next_value_seed(self.of(fields.fields[index].node))?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Tree::Struct(slots))
    }
}

impl<'t> DeserializeSeed<'t> for Seed<'_> {
    type Value = Tree<'t>;

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<Tree<'t>, D::Error> {
        if !matches!(self.shape(), Shape::Any) {
            return reader.deserialize_any(self);
        }
        let text = <&RawValue>::deserialize(reader)?.get();
        Ok(if text == "null" { Tree::Null } else { Tree::Raw(text) })
    }
}

impl<'t> Visitor<'t> for Seed<'_> {
    type Value = Tree<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree<'t>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Tree<'t>, E> {
        Ok(Tree::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree<'t>, E> {
        Ok(Tree::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree<'t>, E> {
        Ok(i64::try_from(number).map_or(Tree::Float(number as f64), Tree::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree<'t>, E> {
        Ok(Tree::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Tree<'t>, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree<'t>, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Tree<'t>, A::Error> {
        let item = match self.shape() {
            Shape::List { item, .. } | Shape::SchemaOr(_, item) => self.of(*item),
            _ => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Tree::Null);
            }
        };
        let mut items = Vec::new();
        while let Some(read) = list.next_element_seed(item)? {
            items.push(read);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Tree<'t>, A::Error> {
        match self.shape() {
            Shape::Struct(fields) => self.read_struct(fields, map),
            Shape::SchemaOr(_, schema) => self.of(*schema).visit_map(map),
            Shape::Map { value, .. } => {
                let mut entries = Vec::new();
                while let Some(name) = map.next_key_seed(Name)? {
                    entries.push((name, map.next_value_seed(self.of(*value))?));
                }
                Ok(Tree::Map(entries))
            }
            _ => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Tree::Null)
            }
        }
    }
}

/// A key, where it stands.
struct Name;

impl<'t> DeserializeSeed<'t> for Name {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<Cow<'t, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Name {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'t str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::pod;

    fn read(json: &str) -> serde_json::Result<Tree<'_>> {
        Tree::read(&pod().types, pod().root, json.as_bytes())
    }

    fn field<'a, 't>(tree: &'a Tree<'t>, path: &[&str]) -> &'a Tree<'t> {
        let schema = pod();
        let (mut tree, mut node) = (tree, schema.root);
        for name in path {
            let Shape::Struct(fields) = &schema.types.node(node).shape else { panic!("no struct above {name}") };
            let index = fields.index_of(name).unwrap_or_else(|| panic!("no field {name}"));
            (tree, node) = (&tree.fields()[index], fields.fields[index].node);
        }
        tree
    }

    #[test]
    fn values_are_found_at_the_places_of_their_fields() {
        for (json, path, expected) in [
            (r#"{"metadata":{"name":"a"}}"#, &["metadata", "name"][..], Tree::Text("a".into())),
            (r#"{"metadata":{"name":"a\nb"}}"#, &["metadata", "name"], Tree::Text("a\nb".into())),
            (r#"{"metadata":{"stranger":{"x":[1]},"name":"a"}}"#, &["metadata", "name"], Tree::Text("a".into())),
            (r#"{"metadata":{"name":["a"],"labels":{"b":"c"}}}"#, &["metadata", "name"], Tree::Null),
            (r#"{"metadata":{"labels":{"b":"c"}}}"#, &["metadata", "labels"], {
                Tree::Map(vec![("b".into(), Tree::Text("c".into()))])
            }),
            (r#"{"metadata":{"managedFields":[{"f":{ }},null]}}"#, &["metadata", "managedFields"], {
                Tree::List(vec![Tree::Raw(r#"{"f":{ }}"#), Tree::Null])
            }),
            (
                r#"{"spec":{"terminationGracePeriodSeconds":-3}}"#,
                &["spec", "terminationGracePeriodSeconds"],
                Tree::Int(-3),
            ),
            (r#"{"spec":null}"#, &["spec"], Tree::Null),
        ] {
            assert_eq!(field(&read(json).unwrap(), path), &expected, "{json}");
        }
    }

    #[test]
    fn texts_stay_where_they_are() {
        let tree = read(r#"{"metadata":{"name":"a"}}"#).unwrap();
        assert!(matches!(field(&tree, &["metadata", "name"]), Tree::Text(Cow::Borrowed(_))));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for json in ["", "{", r#"{"metadata":}"#] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
