//! The ports of a service.

use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError, Value, names, value};
use std::collections::BTreeSet;

pub fn judge(spec: &Cursor<'_>, out: &mut ErrorList) {
    let list: Vec<Cursor<'_>> = spec.at("ports").items().collect();
    let mut taken = BTreeSet::new();
    let mut on_nodes = BTreeSet::new();
    let mut known = BTreeSet::new();
    for port in &list {
        name(port, list.len() > 1, &mut known, out);
        numbers(port, out);
        let (protocol, node_port) = (port.at("protocol").str(), port.at("nodePort"));
        if spec.at("type").str() == "ClusterIP" && node_port.int() != 0 {
            check::forbidden(&node_port.path, "may not be used when `type` is 'ClusterIP'", out);
        }
        if node_port.int() != 0 && !on_nodes.insert((protocol.to_string(), node_port.int())) {
            out.push(FieldError::duplicate(&node_port.path, node_port.int()));
        }
        if !taken.insert((protocol.to_string(), port.at("port").int())) {
            out.push(FieldError::duplicate(&port.path, as_go_names_it(port.value)));
        }
    }
}

/// Upstream shows its internal type, whose fields have no JSON names.
fn as_go_names_it(port: &Value) -> Value {
    let (protocol, number) = (port.str("protocol"), port.int("port"));
    value!({"Name": "", "Protocol": protocol, "AppProtocol": null, "Port": number, "TargetPort": 0, "NodePort": 0})
}

fn name(port: &Cursor<'_>, required: bool, known: &mut BTreeSet<String>, out: &mut ErrorList) {
    let name = port.at("name");
    if name.str().is_empty() {
        if required {
            out.push(FieldError::required(&name.path, ""));
        }
        return;
    }
    check::text(&name, names::dns_label(name.str()), out);
    if !known.insert(name.str().to_string()) {
        out.push(FieldError::duplicate(&name.path, name.str()));
    }
}

fn numbers(port: &Cursor<'_>, out: &mut ErrorList) {
    check::port(&port.at("port"), out);
    check::required_one_of(&port.at("protocol"), &["SCTP", "TCP", "UDP"], out);
    let target = port.at("targetPort");
    match target.value {
        Value::Str(name) => check::text(&target, formats::port_name(name), out),
        _ => check::port(&target, out),
    }
    if let Some(protocol) = port.at("appProtocol").present() {
        check::text(&protocol, names::qualified_name(protocol.str()), out);
    }
}
