//! Where objects stand in the store and in which form: upstream's key layout; our own canonical JSON in an embedded
//! store, upstream's protobuf in etcd.

use crate::protobuf;
use bytes::Bytes;
use kinds::KindDef;
use meta::{CompactString, JsonError, Key, Object, Value};
use schema::Schema;
use std::sync::Arc;
use store::Record;

pub const ROOT: &str = "/registry/";
/// What upstream's protobuf envelope begins with.
const PROTOBUF: &[u8] = b"k8s\0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Protobuf,
}

/// The key of an object; with an empty name, the prefix of its namespace or of all.
pub fn key(def: &KindDef, key: &Key) -> Arc<str> {
    let prefix = &def.storage_prefix;
    match (key.namespace.is_empty(), key.name.is_empty()) {
        (true, true) => format!("{ROOT}{prefix}/"),
        (true, false) => format!("{ROOT}{prefix}/{}", key.name),
        (false, true) => format!("{ROOT}{prefix}/{}/", key.namespace),
        (false, false) => format!("{ROOT}{prefix}/{}/{}", key.namespace, key.name),
    }
    .into()
}

/// The object's key from where it stands below its kind's prefix.
pub fn parse_key(namespaced: bool, below: &str) -> Option<Key> {
    match (namespaced, below.split_once('/')) {
        (true, Some((namespace, name))) => Some(Key::new(namespace, name)),
        (false, None) => Some(Key::cluster(below)),
        _ => None,
    }
}

impl Format {
    /// A value, whose canonical form is `body`, as it is stored.
    pub fn encode(self, def: &KindDef, value: &Value, body: &Bytes) -> Result<Bytes, String> {
        match self {
            Format::Json => Ok(body.clone()),
            Format::Protobuf if def.custom => Ok(Bytes::from(value.to_json())), // as upstream stores them
            Format::Protobuf => Ok(stored_schema(def).to_protobuf(value).into()),
        }
    }

    pub fn decode(self, def: &KindDef, record: &Record) -> Result<Object, String> {
        let body = match self {
            // A definition may have got defaults after the object was stored: what is read has them.
            _ if def.custom => Object::canonical(&defaulted(def, self.decode_value(def, &record.value)?)),
            Format::Json => record.value.clone(),
            Format::Protobuf => Object::canonical(&self.decode_value(def, &record.value)?),
        };
        Object::from_stored(body, record.modified).map_err(|JsonError(why)| format!("{}: {why}", record.key))
    }

    fn decode_value(self, def: &KindDef, stored: &[u8]) -> Result<Value, String> {
        if stored.starts_with(PROTOBUF) {
            // Others leave out what is filled in whenever it is read.
            let schema = stored_schema(def);
            let mut value = schema.from_protobuf(stored).map_err(|error| error.to_string())?;
            schema.default(&mut value);
            def.rules.default(&mut value);
            return Ok(value);
        }
        meta::parse(stored).map(|value| def.rules.read_stored(value)).map_err(|JsonError(why)| why)
    }
}

/// Two kinds over the same objects store them as one of the two.
fn stored_schema(def: &KindDef) -> Schema {
    let other = def.stored_as.as_ref();
    let found = other.and_then(|gvk| protobuf::schema(&gvk.group_version().api_version(), &gvk.kind));
    found.unwrap_or_else(|| def.storage_version().schema.clone())
}

fn defaulted(def: &KindDef, mut value: Value) -> Value {
    let written_in = value.str("apiVersion").rsplit('/').next().and_then(|version| def.version(version));
    written_in.unwrap_or_else(|| def.storage_version()).schema.default(&mut value);
    value
}

/// A value's own key.
pub fn value_key(value: &Value) -> Key {
    let metadata = value.get("metadata");
    let text = |name: &str| CompactString::from(metadata.get(name).as_str().unwrap_or(""));
    Key { namespace: text("namespace"), name: text("name") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn kinds_over_the_same_objects_read_what_the_other_wrote() {
        let all = kinds::builtin();
        let events: Vec<_> = all.iter().filter(|def| def.names.kind == "Event").collect();
        assert_eq!(events.len(), 2);
        let event = value!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "d"},
            "involvedObject": {"kind": "Pod", "name": "p"}, "reason": "Why", "type": "Normal",
            "reportingComponent": "c"});
        for (writer, reader) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let stored = Format::Protobuf.encode(events[writer], &event, &Object::canonical(&event)).unwrap();
            let read = Format::Protobuf.decode_value(events[reader], &stored).unwrap();
            for field in ["apiVersion", "kind", "reason", "reportingComponent", "involvedObject.name"] {
                assert_eq!(read.str(field), event.str(field), "{field}, {writer} to {reader}");
            }
        }
    }

    #[test]
    fn keys_are_found_again() {
        assert_eq!(parse_key(true, "default/web"), Some(Key::new("default", "web")));
        assert_eq!(parse_key(false, "n1"), Some(Key::cluster("n1")));
        assert_eq!(parse_key(true, "web"), None);
        assert_eq!(parse_key(false, "a/b"), None);
    }
}
