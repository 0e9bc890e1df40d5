//! The configuration that travels with an image, as far as it matters for running it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ImageError, Result};

/// The config document of an image.
#[derive(Debug, Deserialize)]
pub struct Document {
    #[serde(default)]
    pub config: Option<ImageConfig>,
    pub rootfs: RootFs,
}

#[derive(Debug, Deserialize)]
pub struct RootFs {
    /// Digests of the unpacked layers, bottom first.
    #[serde(default)]
    pub diff_ids: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageConfig {
    #[serde(deserialize_with = "or_default")]
    pub user: String,
    #[serde(deserialize_with = "or_default")]
    pub env: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub entrypoint: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub cmd: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub working_dir: String,
    #[serde(deserialize_with = "or_default")]
    pub stop_signal: String,
    #[serde(deserialize_with = "or_default")]
    pub volumes: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
}

/// Builders write `null` for what is empty.
fn or_default<'de, D, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

pub fn parse(bytes: &[u8]) -> Result<Document> {
    serde_json::from_slice(bytes).map_err(|error| ImageError::Manifest(format!("config: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_absences_are_empty() {
        let text = r#"{"config":{"User":"1000:1","Env":["A=b"],"Entrypoint":null,"Cmd":["x"],"Volumes":{"/v":{}}},
                       "rootfs":{"type":"layers","diff_ids":["sha256:aa"]},"history":[]}"#;
        let document = parse(text.as_bytes()).expect("a config");
        let config = document.config.expect("a config");
        assert_eq!((config.user.as_str(), config.cmd.as_slice()), ("1000:1", ["x".to_owned()].as_slice()));
        assert!(config.entrypoint.is_empty() && config.volumes.contains_key("/v"));
        assert!(parse(br#"{"rootfs":{"diff_ids":null}}"#).is_err());
        assert!(parse(br#"{"rootfs":{}}"#).expect("bare").config.is_none());
    }
}
