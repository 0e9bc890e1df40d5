//! What a request may ask for. What stands already is kept, though it would not be taken any more.

use super::signer_rules;
use crate::check;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::collections::BTreeSet;
use x509::Request;

/// Ten minutes.
const LEAST_SECONDS: i64 = 600;
/// What upstream's first version of this kind allowed.
const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";

pub fn check(spec: &Cursor<'_>, old: Option<&Value>, out: &mut ErrorList) {
    let (request, signer, seconds) = (spec.at("request"), spec.at("signerName"), spec.at("expirationSeconds"));
    if let Err(why) = signed(request.str()) {
        check::invalid(&request, why, out);
    }
    usages(&spec.at("usages"), old.map(|old| old.at("spec.usages")), out);
    self::signer(&signer, old, out);
    if !seconds.is_null() && seconds.int() < LEAST_SECONDS {
        check::invalid(&seconds, "may not specify a duration less than 600 seconds (10 minutes)", out);
    }
}

/// A request in PEM that was signed by the key that it is for.
fn signed(encoded: &str) -> Result<(), String> {
    let request = Request::read_encoded(encoded).map_err(|why| why.to_string())?;
    request.check_signature().map_err(|why| why.to_string())
}

fn signer(signer: &Cursor<'_>, old: Option<&Value>, out: &mut ErrorList) {
    let stood = old.is_some_and(|old| old.str("spec.signerName") == LEGACY_SIGNER);
    if signer.str() == LEGACY_SIGNER && !stood {
        return check::invalid(signer, "the legacy signerName is not allowed via this API version", out);
    }
    if check::required(signer, "", out) {
        signer_rules::check(signer, out);
    }
}

fn usages(at: &Cursor<'_>, old: Option<&Value>, out: &mut ErrorList) {
    let mut seen = BTreeSet::new();
    let stood = |wrong: fn(&[&str]) -> bool| old.is_some_and(|old| wrong(&words(old)));
    let (unknown, repeated) = (stood(has_unknown), stood(has_repeated));
    for usage in at.items() {
        if !unknown {
            check::one_of(&usage, USAGES, out);
        }
        if !seen.insert(usage.str()) && !repeated {
            out.push(FieldError::duplicate(&usage.path, usage.value.clone()));
        }
    }
}

fn words(usages: &Value) -> Vec<&str> {
    usages.as_list().unwrap_or(&[]).iter().filter_map(Value::as_str).collect()
}

fn has_unknown(words: &[&str]) -> bool {
    words.iter().any(|word| !USAGES.contains(word))
}

fn has_repeated(words: &[&str]) -> bool {
    words.iter().collect::<BTreeSet<_>>().len() < words.len()
}

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
