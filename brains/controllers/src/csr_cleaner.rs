//! Deletes requests for certificates that nobody waits for any more: answered a while ago, never answered, or answered
//! with a certificate that has ended.

use crate::certificate_requests::{IDENTITY, certificate, conditions};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use meta::Key;
use plan::{Controller, Grant, Input, Moment, Plan, View};

const ANSWERED: SignedDuration = SignedDuration::from_hours(1);
const PENDING: SignedDuration = SignedDuration::from_hours(24);

pub struct CsrCleaner;

impl Controller for CsrCleaner {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-cleaner-controller"
    }

    fn identity(&self) -> &'static str {
        IDENTITY
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<CertificateSigningRequest>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<CertificateSigningRequest>(&["delete"])]
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(request) = seen.get::<CertificateSigningRequest>("", &key.name) else { return plan };
        match end(&request) {
            Some(end) if end < moment.now => {
                plan.delete::<CertificateSigningRequest>(key.clone(), request.metadata.uid.as_deref());
            }
            // A moment later: what ends now has not ended yet.
            Some(end) => plan.again_after(end.duration_since(moment.now) + SignedDuration::from_millis(1)),
            None => {}
        }
        plan
    }
}

/// The first moment from which on it is not needed.
fn end(request: &CertificateSigningRequest) -> Option<Timestamp> {
    let issued = certificate(request);
    let by_condition = conditions(request).iter().filter_map(|condition| {
        let kept = match (condition.type_.as_str(), issued) {
            ("Approved", None) => PENDING,
            ("Approved" | "Denied" | "Failed", _) => ANSWERED,
            _ => return None,
        };
        condition.last_update_time.as_ref()?.0.checked_add(kept).ok()
    });
    let approved = conditions(request).iter().any(|condition| condition.type_ == "Approved");
    let by_certificate = issued.filter(|_| approved).and_then(x509::not_after);
    let unanswered = conditions(request).is_empty();
    let created = request.metadata.creation_timestamp.as_ref().filter(|_| unanswered);
    let by_age = created.and_then(|created| created.0.checked_add(PENDING).ok());
    by_condition.chain(by_certificate).chain(by_age).min()
}

#[cfg(test)]
mod tests {
    #[test]
    fn csr_cleaner() {
        crate::testing::check(&super::CsrCleaner, "csr_cleaner");
    }
}
