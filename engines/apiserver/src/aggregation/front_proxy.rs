//! How this server speaks for others: by a certificate of an authority that signs nothing else, and by headers.

use crate::identity::Identity;
use http::{HeaderMap, HeaderName, HeaderValue};
use meta::{Value, value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

const USER: HeaderName = HeaderName::from_static("x-remote-user");
const UID: HeaderName = HeaderName::from_static("x-remote-uid");
const GROUP: HeaderName = HeaderName::from_static("x-remote-group");
const EXTRA: &str = "x-remote-extra-";

/// What may stand in a header's name.
const IN_A_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

pub struct FrontProxy {
    /// Of the authority that signed the certificate, in PEM.
    pub authority: String,
    /// Of the authority of this server's own clients, in PEM.
    pub clients: String,
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl FrontProxy {
    /// What the certificate calls this server. Whoever else the authority might sign for is not believed.
    pub const NAME: &str = "front-proxy-client";

    /// What extension servers must know to believe this server: the data of a ConfigMap. `known` are authorities that other
    /// servers of the same cluster have.
    pub fn published(&self, known: &Value) -> Value {
        let with = |field: &str, own: &str| match known.str(field) {
            others if others.contains(own.trim()) => others.to_string(),
            others => format!("{others}{own}"),
        };
        value!({
            "client-ca-file": (with("client-ca-file", &self.clients)),
            "requestheader-allowed-names": (format!("[{:?}]", FrontProxy::NAME)),
            "requestheader-client-ca-file": (with("requestheader-client-ca-file", &self.authority)),
            "requestheader-extra-headers-prefix": "[\"X-Remote-Extra-\"]",
            "requestheader-group-headers": "[\"X-Remote-Group\"]",
            "requestheader-uid-headers": "[\"X-Remote-Uid\"]",
            "requestheader-username-headers": "[\"X-Remote-User\"]",
        })
    }
}

/// The headers that say who asks, instead of any that the client sent; whom it asked to be taken for it is by now.
pub(crate) fn on_behalf(identity: &Identity, headers: &mut HeaderMap) {
    let told = |name: &HeaderName| {
        [USER, UID, GROUP].contains(name) || [EXTRA, "impersonate-"].iter().any(|all| name.as_str().starts_with(all))
    };
    let sent: Vec<HeaderName> = headers.keys().filter(|name| told(name)).cloned().collect();
    for name in sent {
        headers.remove(name);
    }
    let mut tell = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.append(name, value);
        }
    };
    tell(USER, &identity.name);
    if !identity.uid.is_empty() {
        tell(UID, &identity.uid);
    }
    identity.groups.iter().for_each(|group| tell(GROUP, group));
    for (key, values) in &identity.extra {
        let name = format!("{EXTRA}{}", utf8_percent_encode(key, IN_A_NAME));
        let Ok(name) = HeaderName::try_from(name) else { continue };
        values.iter().for_each(|value| tell(name.clone(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_speaks_for_others_but_this_server() {
        let mut headers = HeaderMap::new();
        let sent =
            ["x-remote-user", "x-remote-group", "x-remote-extra-scopes", "x-remote-uid", "impersonate-user", "accept"];
        for name in sent {
            headers.insert(name, HeaderValue::from_static("sent"));
        }
        let mut identity = Identity::new("eve", &["a"]);
        identity.extra.insert("example.com/Key".into(), vec!["1".into(), "2".into()]);
        on_behalf(&identity, &mut headers);
        let mut told: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
        told.sort();
        let expect = [
            "accept=sent",
            "x-remote-extra-example.com%2fkey=1",
            "x-remote-extra-example.com%2fkey=2",
            "x-remote-group=a",
            "x-remote-group=system:authenticated",
            "x-remote-user=eve",
        ];
        assert_eq!(told, expect);
    }
}
