//! Kubeconfig files: how a client finds this server and proves who it is.

use crate::certificates::Signed;
use crate::files;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client_http::Credentials;
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

/// The server of a kubeconfig's first cluster, and what its first user proves itself with. Data may stand in the file
/// or in files that it names.
pub fn access(path: &Path) -> Result<(String, Credentials), MergeError> {
    let text = files::read(path).and_then(|text| text.ok_or_else(|| std::io::ErrorKind::NotFound.into()));
    let config = parse(path, &text.map_err(|why| MergeError::File(path.into(), why))?)?;
    let none = Value::map();
    let (cluster, user) = (config.items("clusters").first().unwrap_or(&none), config.items("users").first());
    let (cluster, user) = (cluster.get("cluster"), user.unwrap_or(&none).get("user"));
    let credentials = Credentials {
        authority: pem(path, cluster, "certificate-authority")?,
        certificate: pem(path, user, "client-certificate")?,
        key: pem(path, user, "client-key")?,
    };
    Ok((cluster.str("server").to_owned(), credentials))
}

fn pem(path: &Path, holder: &Value, field: &str) -> Result<String, MergeError> {
    let named = holder.str(field);
    if !named.is_empty() {
        return std::fs::read_to_string(named).map_err(|why| MergeError::File(named.into(), why));
    }
    let data = STANDARD.decode(holder.str(&format!("{field}-data"))).ok().filter(|data| !data.is_empty());
    let text = data.and_then(|data| String::from_utf8(data).ok());
    text.ok_or_else(|| MergeError::Format(path.into(), format!("it holds no {field}")))
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
