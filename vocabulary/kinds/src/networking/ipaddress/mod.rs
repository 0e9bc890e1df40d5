//! IPAddress: an address that a service holds.

use crate::cells;
use crate::{Row, Rules, formats};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("networking.k8s.io", "IPAddress", || Arc::new(IPAddress));

struct IPAddress;

impl Rules for IPAddress {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), parent(object).into(), cells::age(object, now)]
    }

    /// An address is called after itself.
    fn validate_name(&self, name: &str) -> Vec<String> {
        formats::ip(name)
    }
}

/// `services/default/web`
fn parent(address: &Value) -> String {
    let parent = address.at("spec.parentRef");
    if parent.is_null() {
        return "<none>".into();
    }
    let resource = match parent.str("group") {
        "" => parent.str("resource").to_lowercase(),
        group => format!("{}.{group}", parent.str("resource")).to_lowercase(),
    };
    match parent.str("namespace") {
        "" => format!("{resource}/{}", parent.str("name")),
        namespace => format!("{resource}/{namespace}/{}", parent.str("name")),
    }
}
