//! A value together with its path: what validation walks with.

use crate::{Path, Value};

#[derive(Clone)]
pub struct Cursor<'a> {
    pub value: &'a Value,
    pub path: Path,
}

impl<'a> Cursor<'a> {
    pub fn root(value: &'a Value) -> Cursor<'a> {
        Cursor { value, path: Path::root() }
    }

    pub fn new(value: &'a Value, path: Path) -> Cursor<'a> {
        Cursor { value, path }
    }

    /// The field at a dotted path below this one; null when absent.
    pub fn at(&self, fields: &str) -> Cursor<'a> {
        let mut here = self.clone();
        for name in fields.split('.') {
            here = Cursor { value: here.value.get(name), path: here.path.field(name) };
        }
        here
    }

    /// The entry of a map under a free key: its path is `map[key]`.
    pub fn key(&self, key: &str) -> Cursor<'a> {
        Cursor { value: self.value.get(key), path: self.path.key(key) }
    }

    pub fn items(&self) -> impl Iterator<Item = Cursor<'a>> + '_ {
        let items = self.value.as_list().unwrap_or(&[]);
        items.iter().enumerate().map(|(i, value)| Cursor { value, path: self.path.index(i) })
    }

    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Cursor<'a>)> + '_ {
        let entries = self.value.as_map().into_iter().flat_map(|map| map.iter());
        entries.map(|(key, value)| (key.as_str(), Cursor { value, path: self.path.key(key) }))
    }

    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// This value where it is present.
    pub fn present(self) -> Option<Cursor<'a>> {
        (!self.is_null()).then_some(self)
    }

    pub fn str(&self) -> &'a str {
        self.value.as_str().unwrap_or("")
    }

    pub fn int(&self) -> i64 {
        self.value.as_int().unwrap_or(0)
    }

    pub fn bool(&self) -> bool {
        self.value.as_bool().unwrap_or(false)
    }
}
