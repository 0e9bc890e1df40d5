//! Ingress: routes HTTP from outside to services.

use crate::cells;
use crate::{Context, Row, Rules, check, formats, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("networking.k8s.io", "Ingress", || Arc::new(Ingress));

struct Ingress;

impl Rules for Ingress {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let ports = if object.items("spec.tls").is_empty() { "80" } else { "80, 443" };
        vec![
            cells::name(object),
            cells::text_or(object, "spec.ingressClassName", "<none>"),
            hosts(object).into(),
            crate::core::service::balanced(object.at("status.loadBalancer")).into(),
            ports.into(),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        let none = |field: &str| spec.at(field).items().next().is_none();
        if context.subresource.is_empty() && none("rules") && spec.at("defaultBackend").is_null() {
            let why = "either `defaultBackend` or `rules` must be specified";
            out.push(FieldError::invalid(&spec.path, Value::Null, why));
        }
        for host in spec.at("tls").items().flat_map(|tls| tls.at("hosts").items().collect::<Vec<_>>()) {
            host_name(&host, out);
        }
        for rule in spec.at("rules").items() {
            if !rule.at("host").str().is_empty() {
                host_name(&rule.at("host"), out);
            }
            let typed = |path: &Cursor<'_>| !path.at("pathType").is_null();
            for path in rule.at("http.paths").items().filter(typed) {
                backend(&path.at("backend"), out);
                let text = path.at("path");
                if ["Exact", "Prefix"].contains(&path.at("pathType").str()) && !text.str().starts_with('/') {
                    out.push(FieldError::invalid(&text.path, text.str(), "must be an absolute path"));
                }
            }
        }
        if let Some(default) = spec.at("defaultBackend").present() {
            backend(&default, out);
        }
    }
}

const SHOWN: usize = 3;

/// The first three hosts; rules without one count among the rest, as upstream counts.
fn hosts(ingress: &Value) -> String {
    let rules = ingress.items("spec.rules");
    let named = |rule: &&Value| !rule.str("host").is_empty();
    let hosts: Vec<&str> = rules.iter().filter(named).take(SHOWN).map(|rule| rule.str("host")).collect();
    let consumed = rules.iter().filter(named).count() >= SHOWN && {
        let third = rules.iter().enumerate().filter(|(_, rule)| named(rule)).nth(SHOWN - 1);
        third.is_some_and(|(index, _)| index + 1 < rules.len())
    };
    match (hosts.is_empty(), consumed) {
        (true, _) => "*".into(),
        (false, true) => format!("{} + {} more...", hosts.join(","), rules.len() - SHOWN),
        (false, false) => hosts.join(","),
    }
}

/// A domain, or all names directly below one.
fn host_name(at: &Cursor<'_>, out: &mut ErrorList) {
    match at.str().strip_prefix("*.") {
        Some(rest) => check::text(at, meta::names::dns_subdomain(rest), out),
        None => check::text(at, meta::names::dns_subdomain(at.str()), out),
    }
}

fn backend(at: &Cursor<'_>, out: &mut ErrorList) {
    let (service, resource) = (at.at("service"), at.at("resource"));
    match (service.is_null(), resource.is_null()) {
        (false, false) => check::invalid(at, "cannot set both resource and service backends", out),
        (true, true) => out.push(FieldError::invalid(&at.path, "", "resource or service backend is required")),
        (false, true) => port(&service.at("port"), at, out),
        (true, false) => {}
    }
}

fn port(at: &Cursor<'_>, backend: &Cursor<'_>, out: &mut ErrorList) {
    let (name, number) = (at.at("name"), at.at("number"));
    match (name.str().is_empty(), number.int() == 0) {
        (false, false) => check::invalid(at, "cannot set both port name & port number", out),
        (true, true) => out.push(FieldError::required(&backend.path, "port name or number is required")),
        (false, true) => check::text(&name, formats::port_name(name.str()), out),
        (true, false) => check::port(&number, out),
    }
}
