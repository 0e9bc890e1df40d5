//! Who may act for the signer of a CertificateSigningRequest.

use super::Admitting;
use crate::authz::{Attributes, Decision};

pub(super) const GROUP: &str = "certificates.k8s.io";
pub(super) const REQUESTS: &str = "certificatesigningrequests";

/// May the caller `approve` or `sign` in this signer's name, or in those of its whole domain?
pub(super) fn is_allowed(on: &Admitting<'_>, verb: &str, signer: &str) -> bool {
    let domain = signer.split('/').next().unwrap_or("");
    [signer, &format!("{domain}/*")].iter().any(|name| {
        let attributes =
            Attributes { verb, group: GROUP, version: "*", resource: "signers", name, ..Attributes::default() };
        matches!(on.api.authorizer.decide(&on.call.identity, &attributes), Decision::Allow(_))
    })
}
