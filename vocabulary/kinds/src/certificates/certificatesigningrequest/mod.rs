//! CertificateSigningRequest: a certificate that is asked for.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row =
    Row::new("certificates.k8s.io", "CertificateSigningRequest", || Arc::new(CertificateSigningRequest));

struct CertificateSigningRequest;

impl Rules for CertificateSigningRequest {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let duration = match object.at("spec.expirationSeconds").as_int() {
            Some(seconds) => cells::human_duration(i128::from(seconds) * 1_000_000_000),
            None => "<none>".to_string(),
        };
        vec![
            cells::name(object),
            cells::age(object, now),
            cells::text_or(object, "spec.signerName", "<none>"),
            object.str("spec.username").into(),
            duration.into(),
            status(object).into(),
        ]
    }

    fn selectable(&self) -> &[&'static str] {
        &["spec.signerName"]
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }
}

/// `Approved,Issued`
fn status(request: &Value) -> String {
    let has = |kind: &str| request.items("status.conditions").iter().any(|condition| condition.str("type") == kind);
    let mut words = vec![match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }];
    if has("Failed") {
        words.push("Failed");
    }
    if !request.str("status.certificate").is_empty() {
        words.push("Issued");
    }
    words.join(",")
}
