//! One webhook of a configuration.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, names};

pub fn judge(webhook: &Cursor<'_>, out: &mut ErrorList) {
    name(&webhook.at("name"), out);
    let seconds = webhook.at("timeoutSeconds");
    if !seconds.is_null() && !(1..=30).contains(&seconds.int()) {
        check::invalid(&seconds, "the timeout value must be between 1 and 30 seconds", out);
    }
    versions(&webhook.at("admissionReviewVersions"), out);
    client(&webhook.at("clientConfig"), out);
    webhook.at("rules").items().for_each(|rule| self::rule(&rule, out));
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
    let list: Vec<Cursor<'_>> = at.items().collect();
    list.iter().for_each(|version| check::text(version, names::dns_1035_label(version.str()), out));
    if !list.is_empty() && !list.iter().any(|version| ["v1", "v1beta1"].contains(&version.str())) {
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
    let scheme = at.str().split_once("://").map_or("", |(scheme, _)| scheme);
    if scheme != "https" {
        let why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
        out.push(FieldError::invalid(&at.path, scheme, why));
    }
}

fn service(at: &Cursor<'_>, out: &mut ErrorList) {
    check::required(&at.at("name"), "service name is required", out);
    check::required(&at.at("namespace"), "service namespace is required", out);
    let port = at.at("port");
    if !port.is_null() && !(1..=65535).contains(&port.int()) {
        check::invalid(&port, "port is not valid: must be between 1 and 65535, inclusive", out);
    }
}

/// A star stands alone.
fn rule(at: &Cursor<'_>, out: &mut ErrorList) {
    for (field, star, what) in [
        ("operations", "*", "operations"),
        ("apiGroups", "*", "API groups"),
        ("apiVersions", "*", "API versions"),
        ("resources", "*/*", "resources"),
    ] {
        let list = at.at(field);
        if list.items().count() > 1 && list.items().any(|item| item.str() == star) {
            check::invalid(&list, format!("if '{star}' is present, must not specify other {what}"), out);
        }
    }
}
