//! `kubectl create ingress NAME --rule=host/path=service:port[,tls[=secret]]`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::session::Session;
use meta::{Value, value};

const FLAGS: &[Flag] =
    &[flags::text("class"), flags::array("rule"), flags::text("default-backend"), flags::array("annotation")];

const KNOWN: Known = Known::new("networking.k8s.io", "v1", "ingresses", "failed to create ingress:");

pub const COMMAND: Command =
    Command::new("ingress", "Create an ingress", "NAME --rule=HOST/PATH=SERVICE:PORT[,tls[=SECRET]]")
        .aliases(&["ing"])
        .flags(&with(FLAGS))
        .run(run);

/// `host/path=service:port[,tls[=secret]]`
struct Rule<'r> {
    host: &'r str,
    path: &'r str,
    service: &'r str,
    /// The secret's name, which may be empty.
    tls: Option<&'r str>,
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let (words, backend) = (flags.list("rule"), flags.text("default-backend"));
    if words.is_empty() && backend.is_empty() {
        return Err(Failure::text(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) \
             or a list of rules (which catch specific paths)",
        ));
    }
    let rules: Result<Vec<Rule<'_>>, Failure> = words.iter().map(|word| parse(word)).collect();
    let rules = rules?;
    let mut object = value!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name}, "spec": {}, "status": {"loadBalancer": {}}
    });
    for word in flags.list("annotation") {
        let (key, text) = word.split_once('=').ok_or_else(|| {
            Failure::text(format!("annotation {word} is invalid and should be in format key=[value]"))
        })?;
        *object.entry("metadata").entry("annotations").entry(key) = text.into();
    }
    if !flags.text("class").is_empty() {
        object.set("spec.ingressClassName", flags.text("class"));
    }
    if !backend.is_empty() {
        if backend.split(':').count() != 2 {
            return Err(Failure::text("default-backend should be in format servicename:serviceport"));
        }
        object.set("spec.defaultBackend", service(backend));
    }
    for (field, list) in [("spec.tls", tls(&rules)), ("spec.rules", hosts(&rules))] {
        if !list.is_empty() {
            object.set(field, Value::List(list));
        }
    }
    KNOWN.make(session, object)
}

fn parse(word: &str) -> Result<Rule<'_>, Failure> {
    let invalid = || {
        Failure::text(format!(
            "rule {word} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
        ))
    };
    let (rule, tls) = word.split_once(',').map_or((word, None), |(rule, tls)| (rule, Some(tls)));
    let tls = match tls {
        None => None,
        Some("tls") => Some(""),
        Some(tls) => Some(tls.strip_prefix("tls=").ok_or_else(invalid)?),
    };
    let (host, rest) = rule.split_once('/').ok_or_else(invalid)?;
    let (path, service) = rest.split_once('=').ok_or_else(invalid)?;
    let ports = service.split(':').count();
    if ports != 2 || service.starts_with(':') || service.ends_with(':') {
        return Err(invalid());
    }
    Ok(Rule { host, path, service, tls })
}

fn service(text: &str) -> Value {
    let (name, port) = text.split_once(':').unwrap_or((text, ""));
    let port = match port.parse::<i64>() {
        Ok(number) => value!({"number": number}),
        Err(_) => value!({"name": port}),
    };
    value!({"service": {"name": name, "port": port}})
}

/// One entry for each secret, each host once.
fn tls(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for rule in rules {
        let Some(secret) = rule.tls else { continue };
        if seen.contains(&rule.host) {
            continue;
        }
        seen.push(rule.host);
        match found.iter_mut().find(|(known, _)| *known == secret) {
            Some((_, hosts)) => hosts.push(rule.host),
            None if secret.is_empty() && rule.host.is_empty() => {}
            None => found.push((secret, if rule.host.is_empty() { Vec::new() } else { vec![rule.host] })),
        }
    }
    let entry = |(secret, hosts): (&str, Vec<&str>)| {
        let mut entry = Value::map();
        if !hosts.is_empty() {
            entry.set("hosts", hosts);
        }
        if !secret.is_empty() {
            entry.set("secretName", secret);
        }
        entry
    };
    found.into_iter().map(entry).collect()
}

fn hosts(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut found: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in rules {
        match found.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(path(rule)),
            None => found.push((rule.host, vec![path(rule)])),
        }
    }
    let entry = |(host, paths): (&str, Vec<Value>)| {
        let mut entry = value!({"http": {"paths": paths}});
        if !host.is_empty() {
            entry.set("host", host);
        }
        entry
    };
    found.into_iter().map(entry).collect()
}

fn path(rule: &Rule<'_>) -> Value {
    let whole = format!("/{}", rule.path);
    let (path, kind) = whole.strip_suffix('*').map_or((whole.as_str(), "Exact"), |path| (path, "Prefix"));
    value!({"path": path, "pathType": kind, "backend": (service(rule.service))})
}
