//! `kubectl top pod`.

use super::node::found;
use super::{amount, check_available, measured, order, shown};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL_NAMESPACES, FIELD_SELECTOR, Flag, Kind, SELECTOR};
use crate::print::tabs;
use crate::session::Session;
use crate::wire::Request;
use meta::{Quantity, Value};

const FLAGS: &[Flag] = &[
    flags::text("sort-by"),
    flags::switch("no-headers"),
    flags::switch("containers"),
    flags::switch("sum"),
    flags::switch("show-swap"),
    Flag::of(Kind::Bool, "use-protocol-buffers", "true"),
];
const HEADERS: [&str; 3] = ["CPU(cores)", "MEMORY(bytes)", "SWAP(bytes)"];
/// A pod that is older than this should have been measured.
const GRACE_SECONDS: i64 = 120;

pub const COMMAND: Command = Command::new("pod", "Show what pods use", "[NAME | -l SELECTOR]")
    .aliases(&["pods", "po"])
    .flags(&[FLAGS, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let name = match session.arguments() {
        [] => "",
        [name] => name.as_str(),
        many => return Err(session.usage(format!("unexpected arguments: [{}]", many.join(" ")))),
    };
    let sort_by = flags.text("sort-by");
    if !matches!(sort_by, "" | "cpu" | "memory") {
        return Err(Failure::text("--sort-by accepts only cpu or memory"));
    }
    let selecting = !flags.text("selector").is_empty() || !flags.text("field-selector").is_empty();
    if !name.is_empty() && selecting {
        return Err(Failure::text("only one of NAME or selector can be provided"));
    }
    check_available(session)?;
    let mut pods = metrics(session, name)?;
    if pods.is_empty() {
        return nothing(session);
    }
    let sums: Vec<Value> = pods.iter().map(|pod| sum(session, pod.items("containers"))).collect();
    let mut rows: Vec<(Value, Value)> = pods.drain(..).zip(sums).collect();
    rows.sort_by(|(a, x), (b, y)| order(sort_by, &(x, key(session, a)), &(y, key(session, b))));
    session.console.print(&tabs::align(&table(session, &rows), tabs::TABLE));
    Ok(())
}

fn key(session: &Session<'_>, pod: &Value) -> String {
    let namespace = if session.all_namespaces() { pod.str("metadata.namespace") } else { "" };
    format!("{namespace}\0{}", pod.str("metadata.name"))
}

fn metrics(session: &Session<'_>, name: &str) -> Result<Vec<Value>, Failure> {
    const ROOT: &str = "/apis/metrics.k8s.io/v1beta1";
    let path = match session.all_namespaces() {
        true => format!("{ROOT}/pods"),
        false => format!("{ROOT}/namespaces/{}/pods", session.namespace()?),
    };
    if !name.is_empty() {
        return found(session, &path, name, "");
    }
    let request = Request::get(path)
        .with("labelSelector", session.flags.text("selector"))
        .with("fieldSelector", session.flags.text("field-selector"));
    Ok(session.door()?.call(request)?.items("items").to_vec())
}

/// No metrics: because there are no pods, or because they are not measured yet.
fn nothing(session: &Session<'_>) -> Result<(), Failure> {
    let namespace = session.namespace()?;
    let path = match session.all_namespaces() {
        true => "/api/v1/pods".to_string(),
        false => format!("/api/v1/namespaces/{namespace}/pods"),
    };
    let request = Request::get(path)
        .with("labelSelector", session.flags.text("selector"))
        .with("fieldSelector", session.flags.text("field-selector"));
    let pods = session.door()?.call(request)?.items("items").to_vec();
    for pod in &pods {
        let created = meta::Time::parse(pod.str("metadata.creationTimestamp"));
        let old = created.is_some_and(|at| session.now().duration_since(at.0).as_secs() > GRACE_SECONDS);
        if old {
            let (namespace, name) = (pod.str("metadata.namespace"), pod.str("metadata.name"));
            let age = kinds::age(pod.at("metadata.creationTimestamp"), session.now());
            return Err(Failure::text(format!("Metrics not available for pod {namespace}/{name}, age: {age}")));
        }
    }
    if !pods.is_empty() {
        return Err(Failure::text("metrics not available yet"));
    }
    session.warn(match session.all_namespaces() {
        true => "No resources found".to_string(),
        false => format!("No resources found in {namespace} namespace."),
    });
    Ok(())
}

/// What all of them use together.
fn sum(session: &Session<'_>, containers: &[Value]) -> Value {
    let mut sum = Value::map();
    for resource in measured(session) {
        let milli: i64 = containers.iter().map(|container| amount(container.get("usage"), resource)).sum();
        sum.set(resource, Quantity::milli(milli).to_string());
    }
    sum
}

fn cells(session: &Session<'_>, usage: &Value) -> String {
    measured(session).iter().map(|resource| format!("{}\t", shown(resource, amount(usage, resource)))).collect()
}

fn table(session: &Session<'_>, rows: &[(Value, Value)]) -> String {
    let flags = &session.flags;
    let (of_containers, headers) = (flags.has("containers"), &HEADERS[..measured(session).len()]);
    let mut text = String::new();
    let mut columns = headers.len() + 1;
    if !flags.has("no-headers") {
        let mut titles = Vec::new();
        titles.extend(session.all_namespaces().then_some("NAMESPACE"));
        titles.extend(of_containers.then_some("POD"));
        columns += titles.len();
        titles.push("NAME");
        titles.extend(headers);
        text.push_str(&format!("{}\t\n", titles.join("\t")));
    }
    for (pod, usage) in rows {
        let mut place = String::new();
        if session.all_namespaces() {
            place.push_str(&format!("{}\t", pod.str("metadata.namespace")));
        }
        let name = pod.str("metadata.name");
        if !of_containers {
            text.push_str(&format!("{place}{name}\t{}\n", cells(session, usage)));
            continue;
        }
        let mut containers: Vec<&Value> = pod.items("containers").iter().collect();
        containers.sort_by(|a, b| {
            let key = |one: &Value| one.str("name").to_string();
            order(flags.text("sort-by"), &(a.get("usage"), key(a)), &(b.get("usage"), key(b)))
        });
        for one in containers {
            text.push_str(&format!("{place}{name}\t{}\t{}\n", one.str("name"), cells(session, one.get("usage"))));
        }
    }
    if flags.has("sum") {
        text.push_str(&total(session, rows, columns));
    }
    text
}

fn total(session: &Session<'_>, rows: &[(Value, Value)], columns: usize) -> String {
    let usages: Vec<Value> = rows.iter().map(|(_, usage)| meta::value!({"usage": (usage.clone())})).collect();
    let line = format!("{}________\t________\t\n", "\t".repeat(columns.saturating_sub(2)));
    format!("{line}{}\t{}\n", "\t".repeat(columns.saturating_sub(3)), cells(session, &sum(session, &usages)))
}
