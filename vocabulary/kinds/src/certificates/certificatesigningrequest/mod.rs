//! CertificateSigningRequest: a certificate that is asked for.

mod conditions;
mod signer_rules;

use crate::cells;
use crate::{Context, KindDef, Row, Rules, check, fresh, metadata};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::collections::BTreeSet;
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

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let spec = Cursor::root(new).at("spec");
        let (request, signer, seconds) = (spec.at("request"), spec.at("signerName"), spec.at("expirationSeconds"));
        if !is_request(request.str()) {
            check::invalid(&request, "PEM block type must be CERTIFICATE REQUEST", out);
        }
        usages(&spec.at("usages"), out);
        if check::required(&signer, "", out) {
            signer_rules::check(&signer, out);
        }
        if !seconds.is_null() && seconds.int() < LEAST_SECONDS {
            check::invalid(&seconds, "may not specify a duration less than 600 seconds (10 minutes)", out);
        }
    }
}

fn usages(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = BTreeSet::new();
    for usage in at.items() {
        check::one_of(&usage, USAGES, out);
        if !seen.insert(usage.value.as_str().unwrap_or("")) {
            out.push(FieldError::duplicate(&usage.path, usage.value.clone()));
        }
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

/// Ten minutes.
const LEAST_SECONDS: i64 = 600;
const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

fn is_request(text: &str) -> bool {
    let decoded = STANDARD.decode(text).unwrap_or_default();
    String::from_utf8_lossy(&decoded).contains("-----BEGIN CERTIFICATE REQUEST-----")
}
