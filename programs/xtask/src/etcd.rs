//! Looks into upstream's etcd, through its JSON gateway: under which key, in which version and encoding an object lies.

use crate::Failure;
use crate::upstream::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const PROTOBUF: &[u8] = b"k8s\0";

/// `v1 protobuf` of the object with this metadata; none where `$ETCD` is not set.
pub fn stored(prefix: &str, metadata: &Value) -> Result<Option<String>, Failure> {
    let Ok(etcd) = std::env::var("ETCD") else { return Ok(None) };
    let name = metadata["name"].as_str().unwrap_or_default();
    let key = match metadata["namespace"].as_str() {
        Some(namespace) => format!("/registry/{prefix}/{namespace}/{name}"),
        None => format!("/registry/{prefix}/{name}"),
    };
    let answer = post(&etcd, "/v3/kv/range", &json!({"key": STANDARD.encode(&key)}))?;
    let value = answer["kvs"][0]["value"].as_str().unwrap_or_default();
    let value = STANDARD.decode(value).unwrap_or_default();
    envelope(&value).map(Some).ok_or_else(|| Failure::Unexpected(format!("etcd holds nothing known under {key}")))
}

/// The type stands first: field 1 (message TypeMeta), in it field 1 (apiVersion); each length takes one byte.
fn envelope(value: &[u8]) -> Option<String> {
    if let Some(body) = value.strip_prefix(PROTOBUF) {
        let [0x0a, _, 0x0a, length, rest @ ..] = body else { return None };
        let version = rest.get(..usize::from(*length))?;
        return Some(format!("{} protobuf", String::from_utf8_lossy(version)));
    }
    let object: Value = serde_json::from_slice(value).ok()?;
    Some(format!("{} json", object["apiVersion"].as_str()?))
}
