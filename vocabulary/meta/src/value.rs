//! A decoded JSON value. Maps keep their keys sorted, so equal values are equal bytes when encoded.

use compact_str::CompactString;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(CompactString),
    List(Vec<Value>),
    Map(Map),
}

static NULL: Value = Value::Null;

impl Value {
    pub fn map() -> Value {
        Value::Map(Map::default())
    }

    /// The field `name`, or null when there is none or this is no map.
    pub fn get(&self, name: &str) -> &Value {
        self.as_map().and_then(|map| map.get(name)).unwrap_or(&NULL)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.as_map_mut()?.get_mut(name)
    }

    /// The value at a dotted path: `at("spec.template.metadata")`. Keys that contain dots need [`Value::get`].
    pub fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, name| value.get(name))
    }

    pub fn at_mut(&mut self, path: &str) -> Option<&mut Value> {
        path.split('.').try_fold(self, |value, name| value.as_map_mut()?.get_mut(name))
    }

    /// Sets the value at a dotted path; what stands in the way and is no map becomes one.
    pub fn set(&mut self, path: &str, new: impl Into<Value>) {
        *self.slot(path) = new.into();
    }

    pub fn set_if_absent(&mut self, path: &str, new: impl Into<Value>) {
        let slot = self.slot(path);
        if slot.is_null() {
            *slot = new.into();
        }
    }

    /// Removes the value at a dotted path and returns it.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        match path.rsplit_once('.') {
            Some((parent, name)) => self.at_mut(parent)?.as_map_mut()?.remove(name),
            None => self.as_map_mut()?.remove(path),
        }
    }

    fn slot(&mut self, path: &str) -> &mut Value {
        path.split('.').fold(self, |value, name| value.entry(name))
    }

    /// The field `name` of the map that this is made to be.
    pub fn entry(&mut self, name: &str) -> &mut Value {
        if !matches!(self, Value::Map(_)) {
            *self = Value::map();
        }
        match self {
            Value::Map(map) => map.entry(name),
            _ => unreachable!("made a map above"),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Null, false, zero, or empty: what Go's `omitempty` leaves out.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(i) => *i == 0,
            Value::Float(f) => *f == 0.0,
            Value::Str(s) => s.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Value::Str(s) = self { Some(s) } else { None }
    }

    pub fn as_int(&self) -> Option<i64> {
        if let Value::Int(i) = self { Some(*i) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(l) = self { Some(l) } else { None }
    }

    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Value::List(l) = self { Some(l) } else { None }
    }

    pub fn as_map(&self) -> Option<&Map> {
        if let Value::Map(m) = self { Some(m) } else { None }
    }

    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        if let Value::Map(m) = self { Some(m) } else { None }
    }

    /// The string at a dotted path, or "".
    pub fn str(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or("")
    }

    /// The integer at a dotted path, or 0.
    pub fn int(&self, path: &str) -> i64 {
        self.at(path).as_int().unwrap_or(0)
    }

    pub fn bool(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or(false)
    }

    /// The items of the list at a dotted path, or none.
    pub fn items(&self, path: &str) -> &[Value] {
        self.at(path).as_list().unwrap_or(&[])
    }

    /// The fields of the map at a dotted path, or none.
    pub fn fields(&self, path: &str) -> impl Iterator<Item = (&CompactString, &Value)> {
        self.at(path).as_map().into_iter().flat_map(Map::iter)
    }

    /// What Go's JSON calls this type in its messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Float(_) => "number",
            Value::Str(_) => "string",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        }
    }
}

macro_rules! value_from {
    ($($from:ty => |$v:ident| $to:expr),* $(,)?) => {
        $(impl From<$from> for Value { fn from($v: $from) -> Value { $to } })*
    };
}
value_from! {
    bool => |v| Value::Bool(v),
    i64 => |v| Value::Int(v),
    i32 => |v| Value::Int(v.into()),
    u32 => |v| Value::Int(v.into()),
    f64 => |v| Value::Float(v),
    &str => |v| Value::Str(v.into()),
    &String => |v| Value::Str(v.as_str().into()),
    String => |v| Value::Str(v.into()),
    CompactString => |v| Value::Str(v),
    &CompactString => |v| Value::Str(v.clone()),
    Map => |v| Value::Map(v),
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Fields sorted by name. Few fields an object: binary search over one allocation beats a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(CompactString, Value)>);

impl Map {
    pub fn with_capacity(fields: usize) -> Map {
        Map(Vec::with_capacity(fields))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(key, _)| key.as_str().cmp(name))
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).ok().map(|i| &self.0[i].1)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.find(name).ok().map(|i| &mut self.0[i].1)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    pub fn insert(&mut self, name: impl Into<CompactString> + AsRef<str>, value: impl Into<Value>) -> Option<Value> {
        match self.find(name.as_ref()) {
            Ok(i) => Some(std::mem::replace(&mut self.0[i].1, value.into())),
            Err(i) => {
                self.0.insert(i, (name.into(), value.into()));
                None
            }
        }
    }

    pub fn entry(&mut self, name: &str) -> &mut Value {
        let i = match self.find(name) {
            Ok(i) => i,
            Err(i) => {
                self.0.insert(i, (name.into(), Value::Null));
                i
            }
        };
        &mut self.0[i].1
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.find(name).ok().map(|i| self.0.remove(i).1)
    }

    /// Takes out the fields that `goes` says.
    pub fn split(&mut self, mut goes: impl FnMut(&str) -> bool) -> Vec<(CompactString, Value)> {
        self.0.extract_if(.., |(name, _)| goes(name)).collect()
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&CompactString, &Value)> + ExactSizeIterator {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&CompactString, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&*name, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &CompactString> {
        self.0.iter().map(|(name, _)| name)
    }

    /// Fields that are sorted by name, each there once.
    pub fn from_sorted(fields: Vec<(CompactString, Value)>) -> Map {
        debug_assert!(fields.is_sorted_by(|a, b| a.0 < b.0));
        Map(fields)
    }

    /// Fields in any order; of two with one name the last wins, and `duplicate` is told of each name that came again.
    pub fn from_fields(mut fields: Vec<(CompactString, Value)>, mut duplicate: impl FnMut(&str)) -> Map {
        if !fields.is_sorted_by(|a, b| a.0 < b.0) {
            fields.sort_by(|a, b| a.0.cmp(&b.0)); // stable: of equal names the last one written stands last
            fields.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    duplicate(&later.0);
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        Map(fields)
    }
}

impl<K: Into<CompactString>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Map {
        Map::from_fields(fields.into_iter().map(|(k, v)| (k.into(), v.into())).collect(), |_| ())
    }
}

impl IntoIterator for Map {
    type Item = (CompactString, Value);
    type IntoIter = std::vec::IntoIter<(CompactString, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Writes a [`Value`] as JSON would be written: `value!({"a": [1, x]})`.
#[macro_export]
macro_rules! value {
    (null) => { $crate::Value::Null };
    ([ $($item:tt),* $(,)? ]) => { $crate::Value::List(vec![ $( $crate::value!($item) ),* ]) };
    ({ $($name:literal : $field:tt),* $(,)? }) => {{
        #[allow(unused_mut)]
        let mut map = $crate::Map::default();
        $( map.insert($name, $crate::value!($field)); )*
        $crate::Value::Map(map)
    }};
    ($other:expr) => { $crate::Value::from($other) };
}
