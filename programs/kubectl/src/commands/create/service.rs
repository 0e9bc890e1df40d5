//! `kubectl create service clusterip|nodeport|loadbalancer|externalname`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::session::Session;
use meta::{Value, value};

const CLUSTER_IP_FLAGS: &[Flag] = &[flags::list("tcp"), flags::text("clusterip")];
const NODE_PORT_FLAGS: &[Flag] = &[flags::list("tcp"), flags::number("node-port", "0")];
const LOAD_BALANCER_FLAGS: &[Flag] = &[flags::list("tcp")];
const EXTERNAL_NAME_FLAGS: &[Flag] = &[flags::list("tcp"), flags::text("external-name")];

const COMMANDS: &[Command] = &[
    Command::new("clusterip", "Create a ClusterIP service", "NAME [--tcp=PORT:TARGET]")
        .flags(&with(CLUSTER_IP_FLAGS))
        .run(|session| make(session, "ClusterIP")),
    Command::new("externalname", "Create an ExternalName service", "NAME --external-name=NAME")
        .flags(&with(EXTERNAL_NAME_FLAGS))
        .required(&["external-name"])
        .run(|session| make(session, "ExternalName")),
    Command::new("loadbalancer", "Create a LoadBalancer service", "NAME --tcp=PORT:TARGET")
        .flags(&with(LOAD_BALANCER_FLAGS))
        .run(|session| make(session, "LoadBalancer")),
    Command::new("nodeport", "Create a NodePort service", "NAME --tcp=PORT:TARGET")
        .flags(&with(NODE_PORT_FLAGS))
        .run(|session| make(session, "NodePort")),
];

pub const COMMAND: Command = Command::new("service", "Create a service", "TYPE").aliases(&["svc"]).commands(COMMANDS);

fn make(session: &Session<'_>, kind: &str) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    check(session, kind)?;
    let ports: Result<Vec<Value>, Failure> = flags.list("tcp").iter().map(|text| port(text, session)).collect();
    let mut object = value!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": (&name), "labels": {"app": (&name)}},
        "spec": {"type": kind, "selector": {"app": (&name)}},
        "status": {"loadBalancer": {}}
    });
    let ports = ports?;
    if !ports.is_empty() {
        object.set("spec.ports", Value::List(ports));
    }
    for (flag, field) in [("clusterip", "spec.clusterIP"), ("external-name", "spec.externalName")] {
        if !flags.text(flag).is_empty() {
            object.set(field, flags.text(flag));
        }
    }
    let failing = match kind {
        "ClusterIP" => "failed to create ClusterIP service:",
        "NodePort" => "failed to create NodePort service:",
        "LoadBalancer" => "failed to create LoadBalancer service:",
        _ => "failed to create ExternalName service:",
    };
    Known::new("", "v1", "services", failing).make(session, object)
}

fn check(session: &Session<'_>, kind: &str) -> Result<(), Failure> {
    let flags = &session.flags;
    let headless = flags.text("clusterip") == "None";
    if headless && !flags.list("tcp").is_empty() && kind != "ClusterIP" {
        return Err(Failure::text("can not map ports with clusterip=None"));
    }
    if !headless && flags.list("tcp").is_empty() && kind != "ExternalName" {
        return Err(Failure::text("at least one tcp port specifier must be provided"));
    }
    if kind == "ExternalName" {
        let complaints = meta::names::dns_subdomain(flags.text("external-name"));
        if !complaints.is_empty() {
            return Err(Failure::text(format!("invalid service external name {}", flags.text("external-name"))));
        }
    }
    Ok(())
}

/// `80`, `80:8080`, `80:http`
fn port(text: &str, session: &Session<'_>) -> Result<Value, Failure> {
    let (port, target) = text.split_once(':').unwrap_or((text, text));
    let number: u16 = port.parse().map_err(|_| bad_number(port))?;
    let target = match target.parse::<i64>() {
        Ok(number @ 1..=65535) => Value::Int(number),
        Ok(_) => return Err(Failure::text("must be between 1 and 65535, inclusive")),
        Err(_) => Value::from(target),
    };
    let mut made = value!({
        "name": (text.replace(':', "-")), "port": (i64::from(number)), "targetPort": target, "protocol": "TCP"
    });
    let node_port = session.flags.number("node-port");
    if node_port != 0 {
        made.set("nodePort", node_port);
    }
    Ok(made)
}

fn bad_number(text: &str) -> Failure {
    let why = if text.parse::<u64>().is_ok() { "value out of range" } else { "invalid syntax" };
    Failure::text(format!("strconv.ParseUint: parsing {}: {why}", meta::quote(text)))
}
