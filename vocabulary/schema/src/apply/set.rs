//! Sets of fields, as a trie in the shape of `fieldsV1`: `{"f:spec":{".":{},"f:replicas":{}}}`.
//!
//! A node without children is a member; a node with children is one when it holds `.`.

use super::element;
use super::trie::{self, is_member};
use meta::{CompactString, Map, Value};
use std::fmt;

#[derive(Clone, Default, PartialEq)]
pub struct Set(pub(super) Map);

impl Set {
    /// The fields at dotted paths of names: `spec.replicas`.
    pub fn of_fields<'p>(paths: impl IntoIterator<Item = &'p str>) -> Set {
        let mut set = Set::default();
        for path in paths {
            let steps: Vec<CompactString> = path.split('.').map(element::field).collect();
            set.insert(&steps);
        }
        set
    }

    /// From `fieldsV1` that a client wrote: steps of unknown kinds are dropped, all others must be well formed.
    pub fn decode(fields: &Value) -> Result<Set, String> {
        match fields {
            Value::Null => Ok(Set::default()),
            Value::Map(fields) => trie::decode_children(fields).map(Set),
            other => Err(format!("expected an object, got {}", other.type_name())),
        }
    }

    /// From `fieldsV1` that was written by [`Set::into_value`].
    pub fn from_value(fields: Value) -> Set {
        if let Value::Map(fields) = fields { Set(fields) } else { Set::default() }
    }

    pub fn into_value(self) -> Value {
        Value::Map(self.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, path: &[CompactString]) {
        trie::insert(&mut self.0, path);
    }

    pub(super) fn has<S: AsRef<str>>(&self, path: &[S]) -> bool {
        let Some((last, parents)) = path.split_last() else { return false };
        let parent = parents.iter().try_fold(&self.0, |node, step| node.get(step.as_ref())?.as_map());
        parent.and_then(|node| node.get(last.as_ref())?.as_map()).is_some_and(is_member)
    }

    pub fn union(&self, other: &Set) -> Set {
        self.clone().with(other)
    }

    pub fn with(mut self, other: &Set) -> Set {
        self.add(other);
        self
    }

    pub fn intersection(&self, other: &Set) -> Set {
        Set(trie::intersection(&self.0, &other.0))
    }

    pub fn difference(&self, other: &Set) -> Set {
        let mut difference = self.clone();
        difference.subtract(other);
        difference
    }

    pub fn add(&mut self, other: &Set) {
        trie::add(&mut self.0, &other.0);
    }

    /// Takes the members of `other` away; what lies below them stays.
    pub fn subtract(&mut self, other: &Set) {
        trie::subtract(&mut self.0, &other.0);
    }

    /// Takes the members of `other` away with everything below them.
    pub fn subtract_recursively(&mut self, other: &Set) {
        trie::subtract_recursively(&mut self.0, &other.0);
    }

    pub fn overlaps(&self, other: &Set) -> bool {
        trie::overlaps(&self.0, &other.0)
    }

    /// Members that have no member below them.
    pub fn leaves(&self) -> Set {
        Set(trie::leaves(&self.0))
    }

    /// Every member's path, each level's members before what lies below.
    pub fn paths(&self) -> Vec<Vec<CompactString>> {
        let mut paths = Vec::new();
        trie::collect_paths(&self.0, &mut Vec::new(), &mut paths);
        paths
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::Map(self.0.clone()))
    }
}

pub(super) fn path_text(path: &[CompactString]) -> String {
    path.iter().map(|step| element::display(step)).collect()
}
