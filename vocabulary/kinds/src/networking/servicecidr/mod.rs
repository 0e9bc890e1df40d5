//! ServiceCIDR: ranges from which services get addresses.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("networking.k8s.io", "ServiceCIDR", || Arc::new(ServiceCIDR));

struct ServiceCIDR;

impl Rules for ServiceCIDR {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let ranges = cells::joined(object.at("spec.cidrs"), ",");
        vec![cells::name(object), ranges.into(), cells::age(object, now)]
    }
}
