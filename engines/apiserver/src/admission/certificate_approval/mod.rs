//! Whoever approves or denies a request for a certificate may do so for its signer.

use super::signers::{self, GROUP, REQUESTS};
use super::{Admitting, Operation, Plugin};
use futures::future::BoxFuture;
use meta::{Status, Value};

pub(super) struct CertificateApproval;

impl Plugin for CertificateApproval {
    fn name(&self) -> &'static str {
        "CertificateApproval"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation == Operation::Update
            && on.is_any_part(GROUP, REQUESTS)
            && on.call.request.subresource == "approval"
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let signer = on.old.map_or("", |old| old.str("spec.signerName"));
            if signers::is_allowed(on, "approve", signer) {
                return Ok(());
            }
            let why = format!("user not permitted to approve requests with signerName {signer:?}");
            Err(on.forbidden(object, why))
        })
    }
}
