//! JSON patch (RFC 6902) with the liberties that upstream's library takes: negative indices count from the end, and a map's
//! missing field may be replaced, copied (as null) and tested against null.

mod document;
mod pointer;

#[cfg(test)]
mod tests;

use super::PatchError;
use document::Document;
use meta::{CompactString, Map, Value};

const MAX_OPERATIONS: usize = 10_000;

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
