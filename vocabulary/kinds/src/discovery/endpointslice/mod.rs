//! EndpointSlice: some of the addresses behind a service.

use crate::cells;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::Value;
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
