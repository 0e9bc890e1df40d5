//! JSON pointers (RFC 6901) into a document.

use crate::patch::{MAX_DEPTH, depth};
use meta::{CompactString, Value};

/// A pointer's last step: the container it leads to and the key therein.
pub(super) struct Place<'d> {
    container: &'d mut Value,
    pub key: CompactString,
    /// How many levels the container lies below the root, itself included.
    depth: usize,
}

impl<'d> Place<'d> {
    /// What stands before a pointer's first slash is ignored; a pointer without one leads nowhere.
    pub fn find(root: &'d mut Value, pointer: &str) -> Option<Place<'d>> {
        let mut steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let key = unescape(steps.pop()?);
        let depth = steps.len() + 1;
        let container = steps.into_iter().try_fold(root, |container, step| child(container, &unescape(step)))?;
        matches!(container, Value::Map(_) | Value::List(_)).then_some(Place { container, key, depth })
    }

    pub fn get(&self) -> Result<&Value, String> {
        match &*self.container {
            Value::List(items) => Ok(&items[index(&self.key, items.len())?]),
            map => Ok(map.get(&self.key)),
        }
    }

    pub fn set(&mut self, value: Value) -> Result<(), String> {
        self.check_depth(&value)?;
        match &mut *self.container {
            Value::List(items) => {
                let at = index(&self.key, items.len())?;
                items[at] = value;
            }
            map => *map.entry(&self.key) = value,
        }
        Ok(())
    }

    pub fn add(&mut self, value: Value) -> Result<(), String> {
        self.check_depth(&value)?;
        match &mut *self.container {
            Value::List(items) if self.key == "-" => items.push(value),
            Value::List(items) => items.insert(insertion_index(&self.key, items.len())?, value),
            map => *map.entry(&self.key) = value,
        }
        Ok(())
    }

    pub fn remove(&mut self) -> Result<Value, String> {
        match &mut *self.container {
            Value::List(items) => Ok(items.remove(index(&self.key, items.len())?)),
            map => {
                let removed = map.as_map_mut().and_then(|fields| fields.remove(&self.key));
                removed.ok_or_else(|| format!("Unable to remove nonexistent key: {}: missing value", self.key))
            }
        }
    }

    fn check_depth(&self, value: &Value) -> Result<(), String> {
        let deep_enough = self.depth + depth(value) <= MAX_DEPTH;
        deep_enough.then_some(()).ok_or_else(|| "exceeded max depth".to_string())
    }
}

fn child<'d>(container: &'d mut Value, key: &str) -> Option<&'d mut Value> {
    match container {
        Value::Map(fields) => fields.get_mut(key),
        Value::List(items) => {
            let at = index(key, items.len()).ok()?;
            items.get_mut(at)
        }
        _ => None,
    }
}

fn unescape(step: &str) -> CompactString {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() }
}

fn index(key: &str, len: usize) -> Result<usize, String> {
    let number: i64 = key.parse().map_err(|_| format!("strconv.Atoi: parsing {key:?}: invalid syntax"))?;
    let index = if number < 0 { number + len as i64 } else { number };
    let found = usize::try_from(index).ok().filter(|index| *index < len);
    found.ok_or_else(|| format!("Unable to access invalid index: {number}: invalid index referenced"))
}

/// Where to insert into a list: as if it already had one item more.
fn insertion_index(key: &str, len: usize) -> Result<usize, String> {
    if key.parse::<i64>().is_err() {
        return Err(format!(
            "value was not a proper array index: '{key}': strconv.Atoi: parsing {key:?}: invalid syntax"
        ));
    }
    index(key, len + 1)
}
