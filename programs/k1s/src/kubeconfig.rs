//! Kubeconfig files: how a client finds this server and proves who it is.

use crate::certificates::Signed;
use crate::files;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use meta::{Value, value};
use std::fmt;
use std::path::{Path, PathBuf};

pub const NAME: &str = "k1s";

/// Puts this cluster into the kubeconfig that kubectl reads, beside what is there, and makes it the current one.
pub fn merge(into: &Path, own: &Value) -> Result<(), MergeError> {
    let text = files::read(into).map_err(|why| MergeError::File(into.into(), why))?.unwrap_or_default();
    let mut merged: Value = if text.trim().is_empty() { Value::map() } else { parse(into, &text)? };
    for list in ["clusters", "contexts", "users"] {
        let ours = own.items(list);
        let named = |item: &Value| ours.iter().any(|our| our.get("name") == item.get("name"));
        let kept = merged.items(list).iter().filter(|item| !named(item)).cloned();
        let all: Vec<Value> = kept.chain(ours.iter().cloned()).collect();
        merged.set(list, Value::List(all));
    }
    for field in ["apiVersion", "kind", "current-context"] {
        merged.set(field, own.get(field).clone());
    }
    let text = serde_saphyr::to_string(&merged).map_err(|why| MergeError::Format(into.into(), why.to_string()))?;
    if let Some(parent) = into.parent() {
        files::make_dir(parent).map_err(|why| MergeError::File(into.into(), why))?;
    }
    files::write(into, text.as_bytes()).map_err(|why| MergeError::File(into.into(), why))
}

fn parse(path: &Path, text: &str) -> Result<Value, MergeError> {
    serde_saphyr::from_str(text).map_err(|why| MergeError::Format(path.into(), why.to_string()))
}

/// The first file of `$KUBECONFIG`, or `~/.kube/config`.
pub fn default_path() -> Option<PathBuf> {
    let named = std::env::var("KUBECONFIG").unwrap_or_default();
    match named.split(':').find(|part| !part.is_empty()) {
        Some(first) => Some(first.into()),
        None => std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config")),
    }
}

#[derive(Debug)]
pub enum MergeError {
    File(PathBuf, std::io::Error),
    Format(PathBuf, String),
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::File(path, why) => write!(f, "{}: {why}", path.display()),
            MergeError::Format(path, why) => write!(f, "{} is no kubeconfig: {why}", path.display()),
        }
    }
}

impl std::error::Error for MergeError {}

/// A kubeconfig of one cluster, one user and one context.
pub fn kubeconfig(server: &str, authority_pem: &str, user: &str, signed: &Signed) -> Value {
    let data = |pem: &str| STANDARD.encode(pem);
    value!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": {
            "server": server, "certificate-authority-data": (data(authority_pem))}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": user}}],
        "users": [{"name": user, "user": {
            "client-certificate-data": (data(&signed.certificate)), "client-key-data": (data(&signed.key))}}],
    })
}
