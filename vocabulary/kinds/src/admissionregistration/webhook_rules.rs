//! One webhook of a configuration.

use super::match_rules;
use crate::check;
use meta::{Cursor, ErrorList, FieldError, names};
use std::collections::BTreeSet;

pub fn judge(webhook: &Cursor<'_>, out: &mut ErrorList) {
    name(&webhook.at("name"), out);
    let seconds = webhook.at("timeoutSeconds");
    if !seconds.is_null() && !(1..=30).contains(&seconds.int()) {
        check::invalid(&seconds, "the timeout value must be between 1 and 30 seconds", out);
    }
    versions(&webhook.at("admissionReviewVersions"), out);
    client(&webhook.at("clientConfig"), out);
    webhook.at("rules").items().for_each(|rule| match_rules::rule(&rule, out));
    match_rules::conditions(&webhook.at("matchConditions"), false, out);
}

fn name(at: &Cursor<'_>, out: &mut ErrorList) {
    let complaints = names::dns_subdomain(at.str());
    if at.str().is_empty() {
        return;
    }
    if !complaints.is_empty() {
        check::text(at, complaints, out);
    } else if at.str().split('.').count() < 3 {
        check::invalid(at, "should be a domain with at least three segments separated by dots", out);
    }
}

fn versions(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = BTreeSet::new();
    for version in at.items() {
        match seen.insert(version.value.as_str().unwrap_or("")) {
            true => check::text(&version, names::dns_1035_label(version.str()), out),
            false => check::invalid(&version, "duplicate version", out),
        }
    }
    if !seen.is_empty() && !["v1", "v1beta1"].iter().any(|known| seen.contains(known)) {
        check::invalid(at, "must include at least one of v1, v1beta1", out);
    }
}

fn client(at: &Cursor<'_>, out: &mut ErrorList) {
    let (url, service) = (at.at("url"), at.at("service"));
    match (url.is_null(), service.is_null()) {
        (true, true) | (false, false) => {
            out.push(FieldError::required(&at.path, "exactly one of url or service is required"));
        }
        (false, true) => self::url(&url, out),
        (true, false) => self::service(&service, out),
    }
}

fn url(at: &Cursor<'_>, out: &mut ErrorList) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (scheme, rest) = at.str().split_once("://").unwrap_or(("", at.str()));
    let mut wrong = |shown: &str, why: &str| out.push(FieldError::invalid(&at.path, shown, why));
    if scheme != "https" {
        wrong(scheme, &format!("'https' is the only allowed URL scheme{FORM}"));
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = if scheme.is_empty() { "" } else { rest.split('/').next().unwrap_or_default() };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if host.is_empty() {
        wrong("", &format!("host must be specified{FORM}"));
    }
    for (part, what) in [
        (user, "user information is not permitted in the URL"),
        (fragment, "fragments are not permitted in the URL"),
        (query, "query parameters are not permitted in the URL"),
    ] {
        if !part.is_empty() {
            wrong(part, what);
        }
    }
}

/// Upstream confuses the two: it misses the name where the namespace is not given, and the reverse.
fn service(at: &Cursor<'_>, out: &mut ErrorList) {
    for (given, missed) in [("namespace", "name"), ("name", "namespace")] {
        if at.at(given).str().is_empty() {
            out.push(FieldError::required(&at.at(missed).path, ""));
        }
    }
    let port = at.at("port");
    if !port.is_null() && !(1..=65535).contains(&port.int()) {
        check::invalid(&port, "port is not valid: must be between 1 and 65535, inclusive", out);
    }
    path(&at.at("path"), out);
}

fn path(at: &Cursor<'_>, out: &mut ErrorList) {
    if matches!(at.str(), "" | "/") {
        return;
    }
    if at.str() == "//" {
        return check::invalid(at, "segment[0] may not be empty", out);
    }
    if !at.str().starts_with('/') {
        check::invalid(at, "must start with a '/'", out);
    }
    let inner: String = at.str().chars().skip(1).collect();
    for (position, step) in inner.strip_suffix('/').unwrap_or(&inner).split('/').enumerate() {
        let complaints = match step {
            "" => vec![format!("segment[{position}] may not be empty")],
            _ => names::dns_subdomain(step).iter().map(|why| format!("segment[{position}]: {why}")).collect(),
        };
        check::text(at, complaints, out);
    }
}
