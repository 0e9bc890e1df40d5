//! An object is bytes plus a header: its canonical JSON once, the decoded metadata beside it, and further decoded forms
//! made on demand, at most once, and shared by everyone who holds the object.
//!
//! The bytes have a hole where `resourceVersion` goes, for that is known only after the commit:
//! `{"apiVersion":"v1","kind":"Pod","metadata":{` hole `"name":"a",...},"spec":...}`.

use crate::{GroupVersion, Gvk, JsonError, Key, Labels, Map, Time, Value};
use bytes::Bytes;
use compact_str::CompactString;
use serde::Deserialize;
use std::any::Any;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The room that a thread keeps for writing objects.
const LARGEST_DRAFT: usize = 64 * 1024;

/// What fills the hole begins with this.
const VERSION: &[u8] = b"\"resourceVersion\":\"";

thread_local! {
    /// Objects are written here and then kept in exactly their length.
    static DRAFT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The metadata that the engine, caches and indexes read without decoding the rest.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Header {
    pub name: CompactString,
    pub namespace: CompactString,
    pub uid: CompactString,
    #[serde(skip)]
    pub resource_version: u64,
    pub generation: i64,
    #[serde(deserialize_with = "null_as_default")]
    pub labels: Labels,
    #[serde(deserialize_with = "null_as_default")]
    pub owner_references: Vec<OwnerRef>,
    #[serde(deserialize_with = "null_as_default")]
    pub finalizers: Vec<CompactString>,
    pub creation_timestamp: Option<jiff::Timestamp>,
    pub deletion_timestamp: Option<jiff::Timestamp>,
    pub deletion_grace_period_seconds: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerRef {
    pub api_version: CompactString,
    pub kind: CompactString,
    pub name: CompactString,
    pub uid: CompactString,
    pub controller: bool,
    pub block_owner_deletion: bool,
}

fn null_as_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(reader: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(reader).map(Option::unwrap_or_default)
}

#[derive(Debug)]
pub struct Object {
    pub header: Arc<Header>,
    pub gvk: Gvk,
    body: Bytes,
    /// Where `"metadata"` begins: after the type's own fields.
    untyped: u32,
    /// Where the resource version goes: after `"metadata":{`.
    hole: u32,
    value: OnceLock<Arc<Value>>,
    typed: OnceLock<Arc<dyn Any + Send + Sync>>,
    selectable: OnceLock<Selectable>,
}

/// The values of the fields that a kind's field selectors may name.
pub type Selectable = Box<[(&'static str, CompactString)]>;

impl Object {
    /// From a stored body and the revision under which it was stored. It is as [`Object::canonical`] made it: what stands
    /// behind the metadata is not looked at before somebody asks for it.
    pub fn from_stored(body: Bytes, resource_version: u64) -> Result<Object, JsonError> {
        let begun = Beginning::of(&body).ok_or_else(|| JsonError("not a stored object".into()))?;
        let group_version = GroupVersion::parse(begun.api_version)
            .ok_or_else(|| JsonError(format!("unexpected apiVersion: {}", begun.api_version)))?;
        let gvk = Gvk::new(group_version.group, group_version.version, begun.kind);
        let mut metadata = serde_json::Deserializer::from_slice(&body[begun.hole - 1..]);
        let header = Header::deserialize(&mut metadata).map_err(|error| JsonError(error.to_string()))?;
        let header = Arc::new(Header { resource_version, ..header });
        let (untyped, hole) = (begun.untyped as u32, begun.hole as u32);
        let (value, typed, selectable) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Object { header, gvk, body, untyped, hole, value, typed, selectable })
    }

    /// The same object under another revision.
    pub fn at(&self, resource_version: u64) -> Object {
        let header = Arc::new(Header { resource_version, ..Header::clone(&self.header) });
        Object { header, ..self.plain() }
    }

    /// From a whole value, as a client holds one: its own `resourceVersion` becomes the header's.
    pub fn from_value(value: &Value) -> Result<Object, JsonError> {
        let version = value.str("metadata.resourceVersion").parse().unwrap_or(0);
        Object::from_stored(Object::canonical(value), version)
    }

    /// A value as it is stored: the type first, then metadata without its resource version, then the rest by name.
    pub fn canonical(value: &Value) -> Bytes {
        DRAFT.with_borrow_mut(|draft| {
            draft.clear();
            draft.shrink_to(LARGEST_DRAFT);
            write_canonical(value, draft);
            Bytes::copy_from_slice(draft)
        })
    }

    /// The same without what was decoded from it: that is many times the bytes.
    pub fn plain(&self) -> Object {
        let (value, typed, selectable) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let (header, gvk, body) = (self.header.clone(), self.gvk.clone(), self.body.clone());
        Object { header, gvk, body, untyped: self.untyped, hole: self.hole, value, typed, selectable }
    }

    pub fn key(&self) -> Key {
        Key { namespace: self.header.namespace.clone(), name: self.header.name.clone() }
    }

    /// The bytes as stored, without the resource version.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Appends the object's JSON as it is served.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.reserve(self.json_len(true));
        self.begin_json(true, out);
        out.extend_from_slice(self.rest());
    }

    /// Appends how the object's JSON begins, typed or without `apiVersion` and `kind`, as an item of a list of its kind.
    /// The [rest](Object::rest) goes behind it.
    pub fn begin_json(&self, typed: bool, out: &mut Vec<u8>) {
        if !typed {
            out.push(b'{');
        }
        self.write_beginning(self.start(typed), out);
    }

    /// Most of the object's JSON: what goes behind its beginning.
    pub fn rest(&self) -> &[u8] {
        &self.body[self.hole as usize..]
    }

    /// Reads what [`Object::json_len`] and [`Object::begin_json`] need of each. All of it lies somewhere else in memory:
    /// asked for with nothing to do in between, it comes at the same time.
    pub fn fetch(objects: &[Arc<Object>]) {
        let read = |object: &Arc<Object>| object.header.resource_version ^ u64::from(object.rest()[0]);
        std::hint::black_box(objects.iter().fold(0, |all, object| all ^ read(object)));
    }

    /// How long its JSON is.
    pub fn json_len(&self, typed: bool) -> usize {
        let version = match self.header.resource_version.checked_ilog10() {
            None => 0,
            Some(ilog) => VERSION.len() + ilog as usize + 1 + self.behind_version().len(),
        };
        usize::from(!typed) + self.body.len() - self.start(typed) + version
    }

    fn start(&self, typed: bool) -> usize {
        if typed { 0 } else { self.untyped as usize }
    }

    fn behind_version(&self) -> &'static [u8] {
        if self.rest()[0] == b'}' { b"\"" } else { b"\"," }
    }

    /// From `start` to the hole, and what fills it.
    fn write_beginning(&self, start: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.body[start..self.hole as usize]);
        if self.header.resource_version != 0 {
            out.extend_from_slice(VERSION);
            out.extend_from_slice(itoa::Buffer::new().format(self.header.resource_version).as_bytes());
            out.extend_from_slice(self.behind_version());
        }
    }

    /// The body behind the hole, with null for what each entry of `managedFields` owns.
    fn without_field_sets(&self) -> Vec<&[u8]> {
        let mut at = self.hole as usize;
        let mut parts = Vec::new();
        for set in field_sets(&self.body, at) {
            parts.extend([&self.body[at..set.start], b"null"]);
            at = set.end;
        }
        parts.push(&self.body[at..]);
        parts
    }

    /// The decoded value with its resource version: decoded at most once.
    pub fn value(&self) -> &Arc<Value> {
        self.value.get_or_init(|| Arc::new(self.decode_value()))
    }

    /// The decoded value for one use, without keeping it in memory beside the bytes.
    pub fn decode_value(&self) -> Value {
        if let Some(value) = self.value.get() {
            return Value::clone(value);
        }
        let mut value = crate::parse(&self.body).expect("a stored body was checked when the object was made");
        if self.header.resource_version != 0 {
            value.set("metadata.resourceVersion", self.header.resource_version.to_string());
        }
        value
    }

    /// What field selectors see: computed at most once from the decoded value, which is not kept.
    pub fn selectable(&self, compute: impl FnOnce(&Value) -> Selectable) -> &Selectable {
        self.selectable.get_or_init(|| match self.value.get() {
            Some(value) => compute(value),
            None => compute(&self.decode_value()),
        })
    }

    /// The object as a type that reads its JSON: decoded at most once, for the first type asked for. Of
    /// `managedFields` it has who and when, not which fields: nothing decides by them, and they are half of a small object.
    pub fn typed<T: serde::de::DeserializeOwned + Send + Sync + 'static>(&self) -> Result<Arc<T>, JsonError> {
        if let Some(Ok(typed)) = self.typed.get().map(|kept| kept.clone().downcast::<T>()) {
            return Ok(typed);
        }
        let mut json = Vec::with_capacity(self.body.len() + 40);
        self.write_beginning(0, &mut json);
        self.without_field_sets().into_iter().for_each(|part| json.extend_from_slice(part));
        let typed = Arc::new(serde_json::from_slice::<T>(&json).map_err(|e| JsonError(e.to_string()))?);
        let _already_kept_as_another_type = self.typed.set(typed.clone());
        Ok(typed)
    }
}

fn write_canonical(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"apiVersion\":");
    value.get("apiVersion").write_json(out);
    out.extend_from_slice(b",\"kind\":");
    value.get("kind").write_json(out);
    out.extend_from_slice(b",\"metadata\":{");
    write_fields(value.get("metadata"), &["resourceVersion"], false, out);
    out.push(b'}');
    write_fields(value, &["apiVersion", "kind", "metadata"], true, out);
    out.push(b'}');
}

fn write_fields(value: &Value, except: &[&str], mut comma: bool, out: &mut Vec<u8>) {
    for (name, field) in value.as_map().into_iter().flat_map(Map::iter) {
        if except.contains(&name.as_str()) {
            continue;
        }
        if comma {
            out.push(b',');
        }
        comma = true;
        serde_json::to_writer(&mut *out, name.as_str()).expect("a string is always JSON");
        out.push(b':');
        field.write_json(out);
    }
}

/// What stands before the metadata of a stored body.
struct Beginning<'b> {
    api_version: &'b str,
    kind: &'b str,
    untyped: usize,
    hole: usize,
}

impl<'b> Beginning<'b> {
    fn of(body: &'b [u8]) -> Option<Beginning<'b>> {
        let (api_version, rest) = plain_text(body.strip_prefix(b"{\"apiVersion\":\"")?)?;
        let (kind, rest) = plain_text(rest.strip_prefix(b",\"kind\":\"")?)?;
        let untyped = rest.strip_prefix(b",")?;
        let metadata = untyped.strip_prefix(b"\"metadata\":{")?;
        let until = |rest: &[u8]| body.len() - rest.len();
        Some(Beginning { api_version, kind, untyped: until(untyped), hole: until(metadata) })
    }
}

/// The text up to its quote, and what follows that. No name of a type has anything to escape.
fn plain_text(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = text.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let rest = text[end..].strip_prefix(b"\"")?;
    Some((std::str::from_utf8(&text[..end]).ok()?, rest))
}

/// Where the values of `metadata.managedFields[*].fieldsV1` lie in a body whose metadata begins at `from`.
fn field_sets(body: &[u8], from: usize) -> Vec<Range<usize>> {
    const NAME: &[u8] = b"fieldsV1\":";
    /// Of an entry of a list of the metadata: of these only `managedFields` has fields of this name.
    const ENTRY: usize = 3;
    let (mut sets, mut begun) = (Vec::new(), None);
    let (mut at, mut depth) = (from, 1);
    while depth > 0 {
        match body[at] {
            b'"' if depth == ENTRY && body[at + 1..].starts_with(NAME) => {
                at += NAME.len();
                begun = Some(at + 1);
            }
            b'"' => at = end_of_string(body, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                sets.extend(begun.take_if(|_| depth == ENTRY).map(|start| start..at + 1));
            }
            _ => {}
        }
        at += 1;
    }
    sets
}

/// Where the string that begins at `at` has its last quote.
fn end_of_string(body: &[u8], mut at: usize) -> usize {
    at += 1;
    while body[at] != b'"' {
        at += if body[at] == b'\\' { 2 } else { 1 };
    }
    at
}

impl Header {
    pub fn creation(&self) -> Option<Time> {
        self.creation_timestamp.map(Time)
    }

    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owner_references.iter().find(|owner| owner.controller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    fn json(object: &Object, typed: bool) -> String {
        let mut out = Vec::new();
        object.begin_json(typed, &mut out);
        out.extend_from_slice(object.rest());
        assert_eq!(out.len(), object.json_len(typed));
        if typed {
            let mut whole = Vec::new();
            object.write_json(&mut whole);
            assert_eq!(whole, out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_resource_version_fills_its_hole() {
        let value = value!({"kind": "ConfigMap", "apiVersion": "v1", "data": {"a": "b"},
            "metadata": {"name": "x", "resourceVersion": "7", "labels": {"l": "m"}}});
        let object = Object::from_value(&value).unwrap();
        assert_eq!((object.header.resource_version, object.header.labels.get("l").unwrap().as_str()), (7, "m"));
        assert_eq!(
            json(&object, true),
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"resourceVersion":"7","labels":{"l":"m"},"name":"x"},"data":{"a":"b"}}"#
        );
        assert_eq!(
            json(&object, false),
            r#"{"metadata":{"resourceVersion":"7","labels":{"l":"m"},"name":"x"},"data":{"a":"b"}}"#
        );
        assert_eq!(**object.value(), value);
        let stored = Object::from_stored(object.body().clone(), 9).unwrap();
        assert_eq!(stored.value().str("metadata.resourceVersion"), "9");
    }

    #[test]
    fn a_typed_object_does_without_the_sets_of_its_managers() {
        let set = value!({"f:spec": {"k:{\"a\":\"}]\"}": {}}, "f:metadata": {}});
        let other = value!({"manager": "b", "fieldsV1": {}, "time": "t"});
        let text = "\"fieldsV1\":{";
        let value = value!({"kind": "X", "apiVersion": "v1", "spec": {"fieldsV1": {"kept": true}}, "metadata": {
            "annotations": {"fieldsV1": text}, "managedFields": [{"fieldsType": "FieldsV1", "fieldsV1": set}, other],
            "ownerReferences": [{"name": "z"}]}});
        let object = Object::from_stored(Object::canonical(&value), 5).unwrap();
        let mut expect = value;
        expect.set("metadata.resourceVersion", "5");
        for entry in expect.at_mut("metadata.managedFields").and_then(Value::as_list_mut).into_iter().flatten() {
            entry.set("fieldsV1", Value::Null);
        }
        assert_eq!(*object.typed::<Value>().unwrap(), expect);
    }

    #[test]
    fn empty_metadata_is_still_json() {
        let object = Object::from_stored(Object::canonical(&value!({"apiVersion": "v1", "kind": "X"})), 3).unwrap();
        assert_eq!(json(&object, true), r#"{"apiVersion":"v1","kind":"X","metadata":{"resourceVersion":"3"}}"#);
    }
}
