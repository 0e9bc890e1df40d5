//! Who asks: a client certificate, or a token that the API vouches for.

use client::{ApiClient, Request};
use meta::{Gvr, Status, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use x509_parser::prelude::{FromDer, X509Certificate};

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub name: String,
    pub uid: String,
    pub groups: Vec<String>,
    pub extra: BTreeMap<String, Vec<String>>,
}

const AUTHENTICATED: &str = "system:authenticated";

impl Identity {
    /// The common name is the user and the organizations are the groups. The chain was verified by TLS.
    pub fn of_certificate(der: &[u8]) -> Option<Identity> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let subject = certificate.subject();
        let name = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
        let organizations = subject.iter_organization().filter_map(|o| o.as_str().ok());
        let groups = organizations.chain([AUTHENTICATED]).map(str::to_owned).collect();
        Some(Identity { name, groups, ..Identity::default() })
    }

    fn of_review(status: &Value) -> Identity {
        let texts = |value: &Value| -> Vec<String> {
            value.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let user = status.at("user");
        let mut groups = texts(user.get("groups"));
        if !groups.iter().any(|group| group == AUTHENTICATED) {
            groups.push(AUTHENTICATED.into());
        }
        Identity {
            name: user.str("username").into(),
            uid: user.str("uid").into(),
            groups,
            extra: user.fields("extra").map(|(key, list)| (key.to_string(), texts(list))).collect(),
        }
    }
}

/// Asks the API whose token this is; none when it is nobody's.
pub async fn review(client: &Arc<dyn ApiClient>, token: &str) -> Result<Option<Identity>, Status> {
    let mut body = Value::map();
    body.set("apiVersion", "authentication.k8s.io/v1");
    body.set("kind", "TokenReview");
    body.set("spec.token", token);
    let resource = Gvr::new("authentication.k8s.io", "v1", "tokenreviews");
    let answer = client.call(Request::create(resource, "", body)).await?.object()?;
    let status = answer.value().at("status").clone();
    Ok(status.bool("authenticated").then(|| Identity::of_review(&status)))
}
