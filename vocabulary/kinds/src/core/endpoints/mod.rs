//! Endpoints: the addresses behind a service, in their older form.

use crate::cells;
use crate::{Context, Row, Rules, check, formats};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Endpoints", || Arc::new(Endpoints));

struct Endpoints;

impl Rules for Endpoints {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), addresses(object), cells::age(object, now)]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        for subset in Cursor::root(new).at("subsets").items() {
            let none = |field: &str| subset.at(field).items().next().is_none();
            if none("addresses") && none("notReadyAddresses") {
                out.push(FieldError::required(&subset.path, "must specify `addresses` or `notReadyAddresses`"));
            }
            for address in subset.at("addresses").items().map(|address| address.at("ip")) {
                match formats::ip(address.str()).is_empty() {
                    true => check::text(&address, formats::reachable_ip(address.str()), out),
                    false => check::invalid(&address, "must be a valid IP address", out),
                }
            }
            let several = subset.at("ports").items().count() > 1;
            for port in subset.at("ports").items().filter(|port| several && port.at("name").str().is_empty()) {
                out.push(FieldError::required(&port.at("name").path, ""));
            }
        }
    }
}

const SHOWN: usize = 3;

/// The first three as `ip:port`, and how many more there are.
fn addresses(endpoints: &Value) -> Value {
    let subsets = endpoints.items("subsets");
    if subsets.is_empty() {
        return "<none>".into();
    }
    let all: Vec<String> = subsets.iter().flat_map(of_subset).collect();
    cells::first_few(&all, SHOWN, "")
}

fn of_subset(subset: &Value) -> Vec<String> {
    let addresses = subset.items("addresses");
    if subset.items("ports").is_empty() {
        return addresses.iter().map(|address| address.str("ip").to_string()).collect();
    }
    let ports = subset.items("ports").iter();
    ports.flat_map(|port| addresses.iter().map(|address| host_port(address.str("ip"), port.int("port")))).collect()
}

fn host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}
