//! Probes and lifecycle hooks: each does exactly one thing.

use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError};

const PROBE: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc"];
const HOOK: &[&str] = &["exec", "httpGet", "tcpSocket", "sleep"];

pub fn probes(container: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    for (name, once) in [("livenessProbe", true), ("readinessProbe", false), ("startupProbe", true)] {
        let Some(probe) = container.at(name).present() else { continue };
        handler(&probe, PROBE, spec, out);
        let threshold = probe.at("successThreshold");
        if once && threshold.int() != 1 {
            check::invalid(&threshold, "must be 1", out);
        }
        let grace = probe.at("terminationGracePeriodSeconds");
        if name == "readinessProbe" && !grace.is_null() {
            check::invalid(&grace, "must not be set for readinessProbes", out);
        }
    }
}

pub fn lifecycle(at: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    for name in ["postStart", "preStop"] {
        if let Some(hook) = at.at(name).present() {
            handler(&hook, HOOK, spec, out);
        }
    }
    if !at.at("stopSignal").is_null() && spec.at("os.name").str().is_empty() {
        check::forbidden(&at.at("stopSignal").path, "may not be set for containers with empty `spec.os.name`", out);
    }
}

fn handler(at: &Cursor<'_>, kinds: &[&str], spec: &Cursor<'_>, out: &mut ErrorList) {
    let given: Vec<Cursor<'_>> = kinds.iter().filter_map(|kind| at.at(kind).present()).collect();
    if given.is_empty() {
        out.push(FieldError::required(&at.path, "must specify a handler type"));
    }
    for more in given.iter().skip(1) {
        check::forbidden(&more.path, "may not specify more than 1 handler type", out);
    }
    let first = kinds.iter().find(|kind| !at.at(kind).is_null());
    match (first.copied(), given.first()) {
        (Some("exec"), Some(exec)) if exec.at("command").items().next().is_none() => {
            out.push(FieldError::required(&exec.at("command").path, ""));
        }
        (Some("httpGet"), Some(get)) => http_get(get, out),
        (Some("tcpSocket"), Some(socket)) => check::port_or_name(&socket.at("port"), out),
        (Some("grpc"), Some(grpc)) => check::port(&grpc.at("port"), out),
        (Some("sleep"), Some(sleep)) => nap(sleep, spec, out),
        _ => {}
    }
}

fn http_get(at: &Cursor<'_>, out: &mut ErrorList) {
    check::required(&at.at("path"), "", out);
    check::port_or_name(&at.at("port"), out);
    check::one_of(&at.at("scheme"), &["HTTP", "HTTPS"], out);
    let headers = at.at("httpHeaders");
    for header in headers.items() {
        let complaints = formats::http_header(header.at("name").str()).into_iter();
        out.extend(complaints.map(|why| FieldError::invalid(&headers.path, header.at("name").str(), why)));
    }
}

/// A pod that is to end does not sleep longer than it may live.
fn nap(sleep: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    let Some(grace) = spec.at("terminationGracePeriodSeconds").value.as_int() else { return };
    let seconds = sleep.at("seconds").int();
    if !(0..=grace).contains(&seconds) {
        let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        out.push(FieldError::invalid(&sleep.path, seconds, why));
    }
}
