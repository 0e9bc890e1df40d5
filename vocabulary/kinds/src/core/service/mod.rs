//! Service: a stable name and address for pods.

use crate::cells;
use crate::{Allocation, Context, Row, Rules, fresh, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

mod addresses;
mod claims;
mod service_cells;
mod service_defaults;
mod service_ports;
mod service_rules;
mod service_status;
mod transition;

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

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        service_defaults::fill(object);
    }

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
        addresses::settle(object, None);
    }

    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, old: &Value) {
        if context.subresource.is_empty() {
            transition::keep_allocated(new, old);
            addresses::normalize(new, Some(old));
            transition::drop_unneeded(new, old);
            addresses::settle(new, Some(old));
        }
    }

    fn allocations(&self, new: &Value, _old: Option<&Value>) -> Vec<Allocation> {
        claims::of(new)
    }

    fn allocated(&self, object: &mut Value) {
        if let Some(first) = object.items("spec.clusterIPs").first().cloned() {
            object.set("spec.clusterIP", first);
        }
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        match context.subresource {
            "" => {}
            "status" => return service_status::judge(&at, out),
            _ => return,
        }
        service_rules::judge(&at.at("spec"), out);
        service_ports::judge(&at.at("spec"), out);
        if let Some(old) = old {
            service_rules::update(&at.at("spec"), old.get("spec"), out);
        }
    }
}
