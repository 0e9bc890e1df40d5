//! Who a request comes from: the certificate of its connection, the service account of its token, or nobody on the few
//! paths that are for everyone.

mod bootstrap_token;
mod claims;
mod impersonation;
mod keys;
mod service_account;

pub use claims::{Bound, Claims, Reference};
pub use keys::{KeyError, Keys};
pub use service_account::{ISSUER, ServiceAccountTokens, Verified};

use crate::engine::Api;
use crate::identity::Identity;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use meta::Status;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub struct Authentication;

/// Paths that answer without credentials; authorization still has its say about them.
const OPEN: [&str; 4] = ["/healthz", "/livez", "/readyz", "/version"];

impl Authentication {
    /// Whom the request counts as: its caller, or whom the caller may and wants to act as.
    pub async fn identify(
        &self,
        api: &Api,
        peer: Option<Arc<Identity>>,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Arc<Identity>, Status> {
        let caller = self.caller(api, peer, path, headers).await?;
        let taken_on = impersonation::impersonated(&api.authorizer, &caller, headers)?;
        Ok(taken_on.map_or(caller, Arc::new))
    }

    async fn caller(
        &self,
        api: &Api,
        peer: Option<Arc<Identity>>,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Arc<Identity>, Status> {
        if let Some(identity) = peer {
            return Ok(identity);
        }
        if let Some(token) = bearer(headers) {
            let verified = verify(api, token, &api.tokens.audiences()).await;
            return match verified {
                Ok(Some(verified)) => Ok(Arc::new(verified.identity)),
                Ok(None) => Err(Status::unauthorized()),
                Err(why) => {
                    tracing::debug!(%why, "a token was refused");
                    Err(Status::unauthorized())
                }
            };
        }
        match is_open(path) {
            true => Ok(Arc::new(Identity::anonymous())),
            false => Err(Status::unauthorized()),
        }
    }
}

/// None: this is no token that anybody here knows. Err: it is one, and does not count, because.
pub(crate) async fn verify(api: &Api, token: &str, audiences: &[String]) -> Result<Option<Verified>, String> {
    match api.tokens.verify(api, token, audiences).await? {
        None => Ok(bootstrap_token::verify(api, token, audiences)),
        verified => Ok(verified),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut words = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split(' ');
    let (scheme, token) = (words.next()?, words.next()?);
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn is_open(path: &str) -> bool {
    OPEN.iter().any(|open| path == *open || path.strip_prefix(open).is_some_and(|rest| rest.starts_with('/')))
}

/// The user of a client certificate that the TLS handshake has already verified: CN is the name, O the groups.
pub fn certificate_identity(der: &CertificateDer<'_>) -> Option<Identity> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().next()?.as_str().ok()?.to_string();
    let groups: Vec<&str> = subject.iter_organization().filter_map(|group| group.as_str().ok()).collect();
    let credential = format!("X509SHA256={:x}", Sha256::digest(der));
    let extra = BTreeMap::from([("authentication.kubernetes.io/credential-id".to_string(), vec![credential])]);
    Some(Identity { extra, ..Identity::new(name, &groups) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_bearer_token_is_found() {
        for (header, expect) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("Bearer abc def", Some("abc")),
            ("Bearer ", None),
            ("Bearer  abc", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(header))]);
            assert_eq!(bearer(&headers), expect, "{header}");
        }
    }

    #[test]
    fn few_paths_are_open() {
        for (path, expect) in
            [("/healthz", true), ("/livez/ping", true), ("/healthzz", false), ("/api", false), ("/", false)]
        {
            assert_eq!(is_open(path), expect, "{path}");
        }
    }
}
