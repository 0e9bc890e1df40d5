//! Kubeconfig files: how a client finds this server and proves who it is.

use crate::certificates::Signed;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use meta::{Value, value};

pub const NAME: &str = "k1s";

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
