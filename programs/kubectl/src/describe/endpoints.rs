//! Endpoints: addresses with the ports that they have in common.

use super::Asker;
use super::page::{Page, or};
use crate::failure::Failure;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, endpoints: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(endpoints);
    page.line(0, "Subsets:");
    for subset in endpoints.items("subsets") {
        page.field(1, "Addresses", addresses(subset, "addresses"));
        page.field(1, "NotReadyAddresses", addresses(subset, "notReadyAddresses"));
        let ports = subset.items("ports");
        if !ports.is_empty() {
            page.line(1, "Ports:");
            page.line(2, "Name\tPort\tProtocol");
            page.line(2, "----\t----\t--------");
        }
        for port in ports {
            let name = or(port.str("name"), "<unset>");
            page.line(2, format!("{name}\t{}\t{}", port.int("port"), port.str("protocol")));
        }
        page.line(0, "");
    }
    asker.events(page);
    Ok(())
}

fn addresses(subset: &Value, field: &str) -> String {
    let addresses: Vec<&str> = subset.items(field).iter().map(|address| address.str("ip")).collect();
    or(&addresses.join(","), "<none>")
}
