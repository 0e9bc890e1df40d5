//! `kubectl top node`.

use super::{amount, check_available, measured, order, shown};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind, SELECTOR};
use crate::print::tabs;
use crate::session::Session;
use crate::wire::Request;
use meta::{Quantity, Value};

const FLAGS: &[Flag] = &[
    flags::text("sort-by"),
    flags::switch("no-headers"),
    flags::switch("show-capacity"),
    flags::switch("show-swap"),
    Flag::of(Kind::Bool, "use-protocol-buffers", "true"),
];
const METRICS: &str = "/apis/metrics.k8s.io/v1beta1/nodes";
const HEADERS: [&str; 3] = ["CPU(cores)\tCPU(%)", "MEMORY(bytes)\tMEMORY(%)", "SWAP(bytes)\tSWAP(%)"];

pub const COMMAND: Command = Command::new("node", "Show what nodes use", "[NAME | -l SELECTOR]")
    .aliases(&["nodes", "no"])
    .flags(&[FLAGS, SELECTOR])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let (name, selector) = (name(session)?, flags.text("selector"));
    let sort_by = flags.text("sort-by");
    if !matches!(sort_by, "" | "cpu" | "memory") {
        return Err(Failure::text("--sort-by accepts only cpu or memory"));
    }
    check_available(session)?;
    let mut metrics = found(session, METRICS, name, selector)?;
    if metrics.is_empty() {
        return Err(Failure::text("metrics not available yet"));
    }
    let nodes = found(session, "/api/v1/nodes", name, selector)?;
    metrics.sort_by(|a, b| {
        let key = |one: &Value| one.str("metadata.name").to_string();
        order(sort_by, &(a.get("usage"), key(a)), &(b.get("usage"), key(b)))
    });
    let measured = measured(session);
    let mut text = String::new();
    if !flags.has("no-headers") {
        text.push_str(&format!("NAME\t{}\t\n", HEADERS[..measured.len()].join("\t")));
    }
    let unmeasured = nodes.iter().filter(|node| !metrics.iter().any(|one| name_of(one) == name_of(node)));
    let unmeasured: Vec<String> = unmeasured
        .map(|node| format!("{}\t{}\n", name_of(node), "<unknown>\t<unknown>\t".repeat(measured.len())))
        .collect();
    for one in &metrics {
        let node = nodes.iter().find(|node| name_of(node) == name_of(one));
        text.push_str(&format!("{}\t{}\n", name_of(one), cells(session, one.get("usage"), node)));
    }
    text.extend(unmeasured);
    session.console.print(&tabs::align(&text, tabs::TABLE));
    Ok(())
}

fn name<'s>(session: &'s Session<'_>) -> Result<&'s str, Failure> {
    match session.arguments() {
        [] => Ok(""),
        [_] if !session.flags.text("selector").is_empty() => {
            Err(Failure::text("only one of NAME or --selector can be provided"))
        }
        [name] => Ok(name),
        many => Err(session.usage(format!("unexpected arguments: [{}]", many.join(" ")))),
    }
}

fn name_of(object: &Value) -> &str {
    object.str("metadata.name")
}

/// The one of that name, or all that a selector finds.
pub fn found(session: &Session<'_>, path: &str, name: &str, selector: &str) -> Result<Vec<Value>, Failure> {
    let door = session.door()?;
    match name {
        "" => Ok(door.call(Request::get(path).with("labelSelector", selector))?.items("items").to_vec()),
        name => Ok(vec![door.call(Request::get(format!("{path}/{name}")))?]),
    }
}

fn cells(session: &Session<'_>, usage: &Value, node: Option<&Value>) -> String {
    let field = if session.flags.has("show-capacity") { "status.capacity" } else { "status.allocatable" };
    let mut cells = String::new();
    for resource in measured(session) {
        let swap = node.and_then(|node| node.at("status.nodeInfo.swap.capacity").as_int());
        let most = match (*resource, node) {
            ("swap", _) => swap.map(|bytes| bytes * 1000),
            (resource, Some(node)) => {
                let amount = node.at(field).get(resource).as_str().and_then(|text| Quantity::parse(text).ok());
                amount.map(|amount| amount.milli_value())
            }
            _ => None,
        };
        if *resource == "swap" && node.is_some() && swap.is_none() {
            cells.push_str("<unknown>\t<unknown>\t");
            continue;
        }
        let used = amount(usage, resource);
        cells.push_str(&format!("{}\t", shown(resource, used)));
        if let Some(most) = most {
            let percent = if most == 0 { 0.0 } else { used as f64 / most as f64 * 100.0 };
            cells.push_str(&format!("{}%\t", percent as i64));
        }
    }
    cells
}
