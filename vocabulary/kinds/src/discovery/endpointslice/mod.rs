//! EndpointSlice: some of the addresses behind a service.

use crate::cells;
use crate::{Context, Row, Rules, check, formats};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many ports and addresses a row names.
const SHOWN: usize = 3;

pub const ROW: Row = Row::new("discovery.k8s.io", "EndpointSlice", || Arc::new(EndpointSlice));

struct EndpointSlice;

impl Rules for EndpointSlice {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let ports: Vec<String> = object.items("ports").iter().map(port).collect();
        let addresses = object.items("endpoints").iter().flat_map(|endpoint| endpoint.items("addresses"));
        let addresses: Vec<String> = addresses.filter_map(Value::as_str).map(String::from).collect();
        vec![
            cells::name(object),
            object.str("addressType").into(),
            cells::first_few(&ports, SHOWN, "<unset>"),
            cells::first_few(&addresses, SHOWN, "<unset>"),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        let labels = |slice: &Value| slice.at("metadata.labels").clone();
        let content = |slice: &Value| ["addressType", "endpoints", "ports"].map(|field| slice.get(field).clone());
        content(new) != content(old) || labels(new) != labels(old)
    }

    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        drop_topology(object);
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, old: &Value) {
        if new.get("endpoints") != old.get("endpoints") {
            drop_topology(new);
        }
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        ports(&at.at("ports"), out);
        let unchanged = old.is_some_and(|old| old.get("endpoints") == new.get("endpoints"));
        if !unchanged {
            let family = at.at("addressType");
            at.at("endpoints").items().for_each(|endpoint| addresses(&endpoint.at("addresses"), family.str(), out));
        }
    }
}

/// Its number, else its name, else any.
fn port(port: &Value) -> String {
    match (port.get("port").as_int(), port.get("name").as_str()) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.to_string(),
        (None, None) => "*".to_string(),
    }
}

/// A field of the beta version: this one reads it, and no longer writes it.
fn drop_topology(slice: &mut Value) {
    let endpoints = slice.at_mut("endpoints").and_then(Value::as_list_mut);
    endpoints.into_iter().flatten().for_each(|endpoint| _ = endpoint.remove("deprecatedTopology"));
}

fn ports(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut names = BTreeSet::new();
    for port in at.items() {
        let name = port.at("name");
        if !name.str().is_empty() {
            check::text(&name, meta::names::dns_label(name.str()), out);
        }
        if !names.insert(name.str().to_string()) {
            out.push(FieldError::duplicate(&name.path, name.str()));
        }
        if let Some(protocol) = port.at("appProtocol").present() {
            check::text(&protocol, meta::names::qualified_name(protocol.str()), out);
        }
    }
}

fn addresses(list: &Cursor<'_>, family: &str, out: &mut ErrorList) {
    for address in list.items().filter(|_| family != "FQDN") {
        let complaints = formats::ip(address.str());
        let six = address.str().contains(':');
        if !complaints.is_empty() {
            check::text(&address, complaints, out);
            continue;
        }
        if (family == "IPv6") != six && ["IPv4", "IPv6"].contains(&family) {
            out.push(FieldError::invalid(&list.path, address.str(), format!("must be an {family} address")));
        }
        check::text(&address, formats::reachable_ip(address.str()), out);
    }
}
