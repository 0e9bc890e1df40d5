//! CertificateSigningRequest: a certificate that is asked for.

mod conditions;
mod signer_rules;
mod spec_rules;
mod status_rules;

use crate::cells;
use crate::{Context, KindDef, Row, Rules, fresh, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row =
    Row::new("certificates.k8s.io", "CertificateSigningRequest", || Arc::new(CertificateSigningRequest));

struct CertificateSigningRequest;

impl Rules for CertificateSigningRequest {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["spec", "status"],
            "status" => &["spec", "status.conditions"],
            "approval" => &["spec", "status.certificate"],
            _ => &[],
        }
    }

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

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    /// The request speaks for who made it.
    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
        for field in ["uid", "groups", "extra"] {
            object.remove(&format!("spec.{field}"));
        }
        object.set("spec.username", context.user);
        if !context.uid.is_empty() {
            object.set("spec.uid", context.uid);
        }
        if !context.groups.is_empty() {
            object.set("spec.groups", context.groups.to_vec());
        }
        for (key, values) in context.extra {
            *object.entry("spec").entry("extra").entry(key) = Value::from(values.clone());
        }
    }

    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, old: &Value) {
        new.set("spec", old.get("spec").clone());
        match context.subresource {
            "status" | "approval" => conditions::prepare(context, new, old),
            _ => new.set("status", old.get("status").clone()),
        }
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        spec_rules::check(&Cursor::root(new).at("spec"), old, out);
        status_rules::check(context, new, old, out);
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
