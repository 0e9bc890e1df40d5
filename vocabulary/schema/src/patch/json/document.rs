//! What each operation does to a document, and why it may not.

use super::Operation;
use super::pointer::Place;
use meta::Value;

/// What all copies of one patch may add, in bytes of JSON.
const MAX_COPIED: usize = 3 * 1024 * 1024;

pub(super) struct Document {
    pub root: Value,
    /// Bytes of JSON that copies have added so far.
    pub copied: usize,
}

impl Document {
    pub fn run(&mut self, operation: &Operation) -> Result<(), String> {
        match operation.kind.as_deref().unwrap_or("unknown") {
            "add" => self.add(operation),
            "remove" => self.remove(operation),
            "replace" => self.replace(operation),
            "move" => self.relocate(operation),
            "test" => self.test(operation),
            "copy" => self.copy(operation),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }

    fn add(&mut self, operation: &Operation) -> Result<(), String> {
        let path = operation.path().map_err(|_| "add operation failed to decode path: missing value".to_string())?;
        let missing = || format!("add operation does not apply: doc is missing path: \"{path}\": missing value");
        let mut place = Place::find(&mut self.root, path).ok_or_else(missing)?;
        place.add(operation.value()).map_err(|why| format!("error in add for path: '{path}': {why}"))
    }

    fn remove(&mut self, operation: &Operation) -> Result<(), String> {
        let path = operation.path().map_err(|_| "remove operation failed to decode path: missing value".to_string())?;
        let missing = || format!("remove operation does not apply: doc is missing path: \"{path}\": missing value");
        let mut place = Place::find(&mut self.root, path).ok_or_else(missing)?;
        place.remove().map(drop).map_err(|why| format!("error in remove for path: '{path}': {why}"))
    }

    fn replace(&mut self, operation: &Operation) -> Result<(), String> {
        let path = operation.path().map_err(|why| format!("replace operation failed to decode path: {why}"))?;
        if path.is_empty() {
            return self.replace_root(operation.value());
        }
        let missing = || format!("replace operation does not apply: doc is missing path: {path}: missing value");
        let mut place = Place::find(&mut self.root, path).ok_or_else(missing)?;
        let no_key = |_| format!("replace operation does not apply: doc is missing key: {path}: missing value");
        place.get().map_err(no_key)?;
        place.set(operation.value())
    }

    fn replace_root(&mut self, value: Value) -> Result<(), String> {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return Err("replace operation value must be object or array".into());
        }
        self.root = value;
        Ok(())
    }

    fn relocate(&mut self, operation: &Operation) -> Result<(), String> {
        let from = operation.from().map_err(|why| format!("move operation failed to decode from: {why}"))?;
        let missing = || format!("move operation does not apply: doc is missing from path: {from}: missing value");
        let mut place = Place::find(&mut self.root, from).ok_or_else(missing)?;
        let value = place.remove().map_err(|why| format!("error in move for path: '{}': {why}", place.key))?;
        let path = operation.path().map_err(|why| format!("move operation failed to decode path: {why}"))?;
        let missing =
            || format!("move operation does not apply: doc is missing destination path: {path}: missing value");
        let mut place = Place::find(&mut self.root, path).ok_or_else(missing)?;
        place.add(value).map_err(|why| format!("error in move for path: '{path}': {why}"))
    }

    fn test(&mut self, operation: &Operation) -> Result<(), String> {
        let path = operation.path().map_err(|why| format!("test operation failed to decode path: {why}"))?;
        let expected = operation.value.as_ref().unwrap_or(&Value::Null);
        let same = if path.is_empty() {
            self.root == *expected
        } else {
            let missing = || format!("test operation does not apply: is missing path: {path}: missing value");
            let place = Place::find(&mut self.root, path).ok_or_else(missing)?;
            place.get().map_err(|why| format!("error in test for path: '{path}': {why}"))? == expected
        };
        same.then_some(()).ok_or_else(|| format!("testing value {path} failed: test failed"))
    }

    fn copy(&mut self, operation: &Operation) -> Result<(), String> {
        let from = operation.from().map_err(|why| format!("copy operation failed to decode from: {why}"))?;
        let missing = || format!("copy operation does not apply: doc is missing from path: {from}: missing value");
        let place = Place::find(&mut self.root, from).ok_or_else(missing)?;
        let value = place.get().map_err(|why| format!("error in copy for from: '{from}': {why}"))?.clone();
        let path = operation.path().map_err(|_| "copy operation failed to decode path: missing value".to_string())?;
        self.count_copy(&value)?;
        let missing =
            || format!("copy operation does not apply: doc is missing destination path: {path}: missing value");
        let mut place = Place::find(&mut self.root, path).ok_or_else(missing)?;
        place.add(value).map_err(|why| format!("error while adding value during copy: {why}"))
    }

    fn count_copy(&mut self, value: &Value) -> Result<(), String> {
        if !value.is_null() {
            self.copied += value.to_json().len();
        }
        if self.copied <= MAX_COPIED {
            return Ok(());
        }
        Err(format!(
            "Unable to complete the copy, the accumulated size increase of copy is {}, exceeding the limit {MAX_COPIED}",
            self.copied
        ))
    }
}
