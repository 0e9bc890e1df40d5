//! Whoever answers a request for a certificate may do so for its signer.

use super::signers::{self, GROUP, REQUESTS};
use super::{Admitting, Operation, Plugin};
use futures::future::BoxFuture;
use meta::{Status, Value};

pub(super) struct CertificateSigning;

impl Plugin for CertificateSigning {
    fn name(&self) -> &'static str {
        "CertificateSigning"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation == Operation::Update && on.is_any_part(GROUP, REQUESTS) && on.call.request.subresource == "status"
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let (Some(new), Some(old)) = (object, on.old) else { return Ok(()) };
            let signer = old.str("spec.signerName");
            if !answers(new, old) || signers::is_allowed(on, "sign", signer) {
                return Ok(());
            }
            let why = format!("user not permitted to sign requests with signerName {signer:?}");
            Err(on.forbidden(object, why))
        })
    }
}

/// An empty list of conditions says as little as none.
fn answers(new: &Value, old: &Value) -> bool {
    new.str("status.certificate") != old.str("status.certificate")
        || new.items("status.conditions") != old.items("status.conditions")
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn certificates_and_conditions_are_answers() {
        let old = value!({"status": {"conditions": [{"type": "Approved"}]}});
        for (new, expect) in [
            (old.clone(), false),
            (value!({"status": {"conditions": [{"type": "Approved"}], "certificate": "QQ=="}}), true),
            (value!({"status": {}}), true),
        ] {
            assert_eq!(answers(&new, &old), expect, "{new:?}");
        }
        assert!(!answers(&value!({"status": {"conditions": []}}), &value!({})));
    }
}
