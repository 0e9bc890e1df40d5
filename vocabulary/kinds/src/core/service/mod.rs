//! Service: a stable name and address for pods.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

mod service_cells;

pub(crate) use service_cells::balanced;

pub const ROW: Row = Row::new("", "Service", || Arc::new(Service));

struct Service;

impl Rules for Service {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let address = object.items("spec.clusterIPs").first().and_then(Value::as_str).unwrap_or("<none>");
        vec![
            cells::name(object),
            object.str("spec.type").into(),
            address.into(),
            service_cells::external_address(object).into(),
            service_cells::ports(object).into(),
            cells::age(object, now),
            cells::labels(object.at("spec.selector")),
        ]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &["spec.clusterIP", "spec.type"]
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::dns_1035_label(name)
    }
}
