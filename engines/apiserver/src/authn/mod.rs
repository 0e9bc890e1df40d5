//! Who a request comes from: the certificate of its connection, or nobody on the few paths that are for everyone.

use crate::identity::Identity;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use meta::Status;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;

#[derive(Default)]
pub struct Authentication;

/// Paths that answer without credentials; authorization still has its say about them.
const OPEN: [&str; 4] = ["/healthz", "/livez", "/readyz", "/version"];

impl Authentication {
    pub async fn identify(
        &self,
        peer: Option<Arc<Identity>>,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Arc<Identity>, Status> {
        if headers.contains_key(AUTHORIZATION) {
            return Err(Status::unauthorized());
        }
        match peer {
            Some(identity) => Ok(identity),
            None if is_open(path) => Ok(Arc::new(Identity::anonymous())),
            None => Err(Status::unauthorized()),
        }
    }
}

fn is_open(path: &str) -> bool {
    OPEN.iter().any(|open| path == *open || path.strip_prefix(open).is_some_and(|rest| rest.starts_with('/')))
}

/// The user of a client certificate that the TLS handshake has already verified: CN is the name, O the groups.
pub fn certificate_identity(certificate: &CertificateDer<'_>) -> Option<Identity> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().next()?.as_str().ok()?.to_string();
    let groups: Vec<&str> = subject.iter_organization().filter_map(|group| group.as_str().ok()).collect();
    Some(Identity::new(name, &groups))
}
