//! JSON patch (RFC 6902) with the liberties that upstream's library takes: negative indices count from the end, and a map's
//! missing field may be replaced, copied (as null) and tested against null.

use super::{MAX_DEPTH, PatchError, depth};
use meta::{CompactString, Map, Value};

const MAX_OPERATIONS: usize = 10_000;

/// What all copies of one patch may add, in bytes of JSON.
const MAX_COPIED: usize = 3 * 1024 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Operations(Vec<Operation>);

/// One operation as it was sent; what it needs is looked at when it runs, in upstream's order.
#[derive(Clone, Debug, Default)]
struct Operation {
    kind: Option<CompactString>,
    path: Option<CompactString>,
    from: Option<CompactString>,
    value: Option<Value>,
}

impl Operations {
    /// The operations, and a note for each field that none has.
    pub fn decode(body: Value, checked: bool) -> Result<(Operations, Vec<String>), PatchError> {
        let items = match body {
            Value::List(items) => items,
            Value::Null => Vec::new(),
            other => {
                return Err(not_a(if checked { "[]handlers.jsonPatchOp" } else { "jsonpatch.Patch" }, &other, checked));
            }
        };
        let mut unknown = Vec::new();
        let decode = |(i, item)| Operation::decode(i, item, checked, &mut unknown);
        let operations: Vec<Operation> = items.into_iter().enumerate().map(decode).collect::<Result<_, _>>()?;
        if operations.len() > MAX_OPERATIONS {
            let count = operations.len();
            let message = format!("The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {count}");
            return Err(PatchError::TooLarge(message));
        }
        Ok((Operations(operations), unknown))
    }

    pub fn apply(&self, object: Value) -> Result<Value, PatchError> {
        let mut document = Document { root: object, copied: 0 };
        self.0.iter().try_for_each(|operation| document.run(operation)).map_err(PatchError::Inapplicable)?;
        Ok(document.root)
    }
}

fn not_a(go_type: &str, value: &Value, checked: bool) -> PatchError {
    let prefix = if checked { "error decoding patch: " } else { "" };
    PatchError::Malformed(format!(
        "{prefix}json: cannot unmarshal {} into Go value of type {go_type}",
        value.type_name()
    ))
}

impl Operation {
    fn decode(index: usize, item: Value, checked: bool, unknown: &mut Vec<String>) -> Result<Operation, PatchError> {
        let fields = match item {
            Value::Map(fields) => fields,
            Value::Null => Map::default(),
            other => {
                return Err(not_a(
                    if checked { "handlers.jsonPatchOp" } else { "jsonpatch.Operation" },
                    &other,
                    checked,
                ));
            }
        };
        let mut operation = Operation::default();
        for (name, value) in fields {
            match name.as_str() {
                "op" => operation.kind = text(&name, value, checked)?,
                "path" => operation.path = text(&name, value, checked)?,
                "from" => operation.from = text(&name, value, checked)?,
                "value" => operation.value = Some(value),
                _ => unknown.push(format!("unknown field \"[{index}].{name}\"")),
            }
        }
        Ok(operation)
    }

    fn value(&self) -> Value {
        self.value.clone().unwrap_or_default()
    }

    fn path(&self) -> Result<&str, String> {
        self.path.as_deref().ok_or_else(|| "operation missing path field: missing value".into())
    }

    fn from(&self) -> Result<&str, String> {
        self.from.as_deref().ok_or_else(|| "operation, missing from field: missing value".into())
    }
}

/// A field that must be a string: of another type it is refused when checked, and as good as absent when not.
fn text(name: &str, value: Value, checked: bool) -> Result<Option<CompactString>, PatchError> {
    match value {
        Value::Str(text) => Ok(Some(text)),
        Value::Null => Ok(None),
        other if checked => Err(PatchError::Malformed(format!(
            "error decoding patch: json: cannot unmarshal {} into Go struct field jsonPatchOp.{name} of type string",
            other.type_name()
        ))),
        _ => Ok(None),
    }
}

struct Document {
    root: Value,
    copied: usize,
}

impl Document {
    fn run(&mut self, operation: &Operation) -> Result<(), String> {
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

/// A pointer's last step: the container it leads to and the key therein.
struct Place<'d> {
    container: &'d mut Value,
    key: CompactString,
    /// How many levels the container lies below the root, itself included.
    depth: usize,
}

impl<'d> Place<'d> {
    /// What stands before a pointer's first slash is ignored; a pointer without one leads nowhere.
    fn find(root: &'d mut Value, pointer: &str) -> Option<Place<'d>> {
        let mut steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let key = unescape(steps.pop()?);
        let depth = steps.len() + 1;
        let container = steps.into_iter().try_fold(root, |container, step| child(container, &unescape(step)))?;
        matches!(container, Value::Map(_) | Value::List(_)).then_some(Place { container, key, depth })
    }

    fn get(&self) -> Result<&Value, String> {
        match &*self.container {
            Value::List(items) => Ok(&items[index(&self.key, items.len())?]),
            map => Ok(map.get(&self.key)),
        }
    }

    fn set(&mut self, value: Value) -> Result<(), String> {
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

    fn add(&mut self, value: Value) -> Result<(), String> {
        self.check_depth(&value)?;
        match &mut *self.container {
            Value::List(items) if self.key == "-" => items.push(value),
            Value::List(items) => items.insert(insertion_index(&self.key, items.len())?, value),
            map => *map.entry(&self.key) = value,
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<Value, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(object: &str, patch: &str) -> Result<String, String> {
        let (operations, _) =
            Operations::decode(meta::parse(patch.as_bytes()).unwrap(), true).map_err(|e| e.to_string())?;
        let result = operations.apply(meta::parse(object.as_bytes()).unwrap()).map_err(|e| e.to_string())?;
        Ok(result.to_string())
    }

    fn check(object: &str, patch: &str, expect: &str) {
        assert_eq!(run(object, patch).as_deref(), Ok(expect), "{object} + {patch}");
    }

    fn refused(object: &str, patch: &str, why: &str) {
        assert_eq!(run(object, patch), Err(why.to_string()), "{object} + {patch}");
    }

    #[test]
    fn every_operation_applies() {
        check(r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":[1]}]"#, r#"{"a":1,"b":[1]}"#);
        check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/1","value":9}]"#, r#"{"a":[1,9,2]}"#);
        check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/-","value":9}]"#, r#"{"a":[1,2,9]}"#);
        check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/-1","value":9}]"#, r#"{"a":[1,2,9]}"#);
        check(r#"{"a":[1,2]}"#, r#"[{"op":"remove","path":"/a/-2"}]"#, r#"{"a":[2]}"#);
        check(r#"{"a":1}"#, r#"[{"op":"replace","path":"/b","value":2}]"#, r#"{"a":1,"b":2}"#);
        check(r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":{"c":3}}]"#, r#"{"c":3}"#);
        check(r#"{"a":{"x":1}}"#, r#"[{"op":"move","from":"/a/x","path":"/y"}]"#, r#"{"a":{},"y":1}"#);
        check(r#"{"a":{"x":1}}"#, r#"[{"op":"copy","from":"/a","path":"/b"}]"#, r#"{"a":{"x":1},"b":{"x":1}}"#);
        check(r#"{"a":1}"#, r#"[{"op":"copy","from":"/z","path":"/b"}]"#, r#"{"a":1,"b":null}"#);
        check(r#"{"a/b":1,"c~d":2}"#, r#"[{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/c~0d"}]"#, "{}");
        check(
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"/a","value":1},{"op":"test","path":"/b","value":null}]"#,
            r#"{"a":1}"#,
        );
        check(r#"{"a":1}"#, r#"[{"op":"test","path":"","value":{"a":1}}]"#, r#"{"a":1}"#);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        refused("{}", r#"[{"op":"test","path":"/a","value":1}]"#, "testing value /a failed: test failed");
        refused("{}", r#"[{"op":"zap","path":"/a"}]"#, "Unexpected kind: zap");
        refused("{}", r#"[{"op":"add"}]"#, "add operation failed to decode path: missing value");
        refused(
            "{}",
            r#"[{"op":"add","path":"/a/b","value":1}]"#,
            "add operation does not apply: doc is missing path: \"/a/b\": missing value",
        );
        refused(
            "{}",
            r#"[{"op":"remove","path":"/a"}]"#,
            "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value",
        );
        refused(
            r#"{"a":[]}"#,
            r#"[{"op":"add","path":"/a/1","value":1}]"#,
            "error in add for path: '/a/1': Unable to access invalid index: 1: invalid index referenced",
        );
        refused(
            "{}",
            r#"[{"op":1}]"#,
            "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
        );
    }

    #[test]
    fn bombs_are_refused() {
        let doubling: Vec<String> = (0..40).map(|_| r#"{"op":"copy","from":"/a","path":"/a/-"}"#.to_string()).collect();
        let error = run(r#"{"a":["xxxxxxxx"]}"#, &format!("[{}]", doubling.join(","))).unwrap_err();
        assert!(error.starts_with("Unable to complete the copy") || error.contains("max depth"), "{error}");

        let wrap = r#"{"op":"add","path":"/w","value":{}},{"op":"move","from":"/a","path":"/w/a"},{"op":"move","from":"/w","path":"/a"}"#;
        let nesting = vec![wrap; 400].join(",");
        assert!(run(r#"{"a":1}"#, &format!("[{nesting}]")).unwrap_err().contains("max depth"));

        let many = vec![r#"{"op":"test","path":"/a","value":null}"#; 10_001].join(",");
        assert_eq!(
            run("{}", &format!("[{many}]")).unwrap_err(),
            "The allowed maximum operations in a JSON patch is 10000, got 10001"
        );
    }
}
