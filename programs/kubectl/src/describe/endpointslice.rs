//! An endpoint slice.

use super::Asker;
use super::page::{Page, or};
use crate::failure::Failure;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, slice: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(slice);
    page.field(0, "AddressType", slice.str("addressType"));
    ports(page, slice.items("ports"));
    let endpoints = slice.items("endpoints");
    page.line(0, if endpoints.is_empty() { "Endpoints: <none>" } else { "Endpoints:" });
    for endpoint in endpoints {
        describe_endpoint(page, endpoint);
    }
    asker.events(page);
    Ok(())
}

fn ports(page: &mut Page, ports: &[Value]) {
    if ports.is_empty() {
        return page.line(0, "Ports: <unset>");
    }
    page.line(0, "Ports:");
    page.line(1, "Name\tPort\tProtocol");
    page.line(1, "----\t----\t--------");
    for port in ports {
        let number = port.get("port").as_int().map_or("<unset>".to_string(), |number| number.to_string());
        page.line(1, format!("{}\t{number}\t{}", or(port.str("name"), "<unset>"), port.str("protocol")));
    }
}

fn describe_endpoint(page: &mut Page, endpoint: &Value) {
    let addresses: Vec<&str> = endpoint.items("addresses").iter().filter_map(Value::as_str).collect();
    page.field(1, "- Addresses", or(&addresses.join(", "), "<none>"));
    page.line(2, "Conditions:");
    let ready = endpoint.at("conditions.ready").as_bool();
    page.field(3, "Ready", ready.map_or("<unset>".to_string(), |ready| ready.to_string()));
    page.field(2, "Hostname", or(endpoint.str("hostname"), "<unset>"));
    let target = endpoint.get("targetRef");
    if !target.is_null() {
        page.field(2, "TargetRef", format!("{}/{}", target.str("kind"), target.str("name")));
    }
    page.field(2, "NodeName", or(endpoint.str("nodeName"), "<unset>"));
    page.field(2, "Zone", or(endpoint.str("zone"), "<unset>"));
}
