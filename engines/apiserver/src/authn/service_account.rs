//! Service-account tokens: made here, and taken back for the identity they stand for as long as what they are bound to
//! exists.

use super::claims::{Bound, Claims, Reference};
use super::keys::{ALGORITHM, KeyError, Keys};
use crate::engine::Api;
use crate::identity::Identity;
use jsonwebtoken::Validation;
use meta::{Key, Object};
use std::sync::Arc;

pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const EXTRA: &str = "authentication.kubernetes.io/";
/// What was marked as deleted longer ago than this no longer carries a token.
const DELETED_LEEWAY: i64 = 60;

/// The tokens of one cluster: its keys, and where the keys can be read.
pub struct ServiceAccountTokens {
    pub keys: Keys,
    /// Where `/openid/v1/jwks` is reached.
    pub keys_url: String,
}

/// Whom a token stands for, and for which of the audiences that were asked about.
#[derive(Debug)]
pub struct Verified {
    pub identity: Identity,
    pub audiences: Vec<String>,
}

impl ServiceAccountTokens {
    /// The audiences of this server itself.
    pub fn audiences(&self) -> Vec<String> {
        vec![ISSUER.to_string()]
    }

    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        self.keys.sign(claims)
    }

    /// None: this is no token of ours. Err: it is one, and does not count, because.
    pub async fn verify(&self, api: &Api, token: &str, audiences: &[String]) -> Result<Option<Verified>, String> {
        let Some(claims) = unverified(token) else { return Ok(None) };
        self.check_signature(token)?;
        let shared: Vec<String> = claims.aud.iter().filter(|audience| audiences.contains(audience)).cloned().collect();
        if shared.is_empty() {
            let (own, asked) = (quoted(&claims.aud), quoted(audiences));
            return Err(format!("token audiences {own} is invalid for the target audiences {asked}"));
        }
        claims.check_time(api.clock.now())?;
        let exists = Exists { api, namespace: &claims.kubernetes.namespace };
        if let Err(why) = exists.check(&claims.kubernetes) {
            // What was made a moment ago may not be seen here yet.
            api.fresh().await.map_err(|status| status.message)?;
            exists.check(&claims.kubernetes).map_err(|_| why)?;
        }
        Ok(Some(Verified { identity: identity_of(&claims), audiences: shared }))
    }

    fn check_signature(&self, token: &str) -> Result<(), String> {
        let invalid = || "invalid signature".to_string();
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let key = header.kid.as_deref().and_then(|name| self.keys.find(name)).ok_or_else(invalid)?;
        jsonwebtoken::decode::<Claims>(token, key, &signature_alone()).map(drop).map_err(|_| invalid())
    }
}

/// Time and audience are judged here, by the server's clock; the library looks at the signature.
fn signature_alone() -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

/// What a token of this issuer says, before its signature has been looked at.
fn unverified(token: &str) -> Option<Claims> {
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    (claims.iss == ISSUER).then_some(claims)
}

fn quoted(audiences: &[String]) -> String {
    let quoted: Vec<String> = audiences.iter().map(|audience| format!("{audience:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

struct Exists<'a> {
    api: &'a Api,
    namespace: &'a str,
}

impl Exists<'_> {
    fn check(&self, bound: &Bound) -> Result<(), String> {
        let (namespace, account) = (self.namespace, &bound.serviceaccount);
        let not_found = || format!("serviceaccounts {:?} not found", account.name);
        let found = self.get("serviceaccounts", &Key::new(namespace, &*account.name)).ok_or_else(not_found)?;
        if found.header.uid != account.uid {
            return Err(format!("service account UID ({}) does not match claim ({})", found.header.uid, account.uid));
        }
        if self.is_gone(&found) {
            return Err(format!("service account {namespace}/{} has been deleted", account.name));
        }
        if let Some(secret) = &bound.secret {
            self.holds("secrets", &Key::new(namespace, &*secret.name), secret, "secret")?;
        }
        match (&bound.pod, &bound.node) {
            (Some(pod), _) => self.holds("pods", &Key::new(namespace, &*pod.name), pod, "pod"),
            (None, Some(node)) => self.holds("nodes", &Key::cluster(&*node.name), node, "node"),
            (None, None) => Ok(()),
        }
    }

    fn holds(&self, resource: &str, key: &Key, reference: &Reference, word: &str) -> Result<(), String> {
        let invalidated = || "service account token has been invalidated".to_string();
        let found = self.get(resource, key).ok_or_else(invalidated)?;
        if found.header.uid != reference.uid {
            let (own, claimed) = (&found.header.uid, &reference.uid);
            return Err(format!("{word} UID ({own}) does not match service account {word} ref claim ({claimed})"));
        }
        if self.is_gone(&found) { Err(invalidated()) } else { Ok(()) }
    }

    fn get(&self, resource: &str, key: &Key) -> Option<Arc<Object>> {
        self.api.rows.table().get("", resource)?.hub.get(key)
    }

    fn is_gone(&self, object: &Object) -> bool {
        let limit = self.api.clock.now().as_second() - DELETED_LEEWAY;
        object.header.deletion_timestamp.is_some_and(|at| at.as_second() < limit)
    }
}

fn identity_of(claims: &Claims) -> Identity {
    let bound = &claims.kubernetes;
    let mut identity = Identity::service_account(&bound.namespace, &bound.serviceaccount.name);
    identity.uid = bound.serviceaccount.uid.as_str().into();
    let mut say = |name: &str, value: String| {
        identity.extra.insert(format!("{EXTRA}{name}"), vec![value]);
    };
    if let Some(pod) = &bound.pod {
        say("pod-name", pod.name.clone());
        say("pod-uid", pod.uid.clone());
    }
    if !claims.jti.is_empty() {
        say("credential-id", format!("JTI={}", claims.jti));
    }
    if let Some(node) = &bound.node {
        say("node-name", node.name.clone());
        if !node.uid.is_empty() {
            say("node-uid", node.uid.clone());
        }
    }
    identity
}
