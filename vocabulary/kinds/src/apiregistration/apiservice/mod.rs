//! APIService: where a group version is served.

use crate::cells;
use crate::{Context, Row, Rules, fresh};
use jiff::Timestamp;
use meta::{Time, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("apiregistration.k8s.io", "APIService", || Arc::new(APIService));

struct APIService;

impl Rules for APIService {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let service = match object.at("spec.service") {
            Value::Null => "Local".to_string(),
            service => format!("{}/{}", service.str("namespace"), service.str("name")),
        };
        vec![cells::name(object), service.into(), available(object).into(), cells::age(object, now)]
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }

    /// What this server serves itself is there from the start.
    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
        if object.at("spec.service").is_null() {
            let now = Time(context.now).to_string();
            let local = value!({"type": "Available", "status": "True", "reason": "Local",
                "message": "Local APIServices are always available", "lastTransitionTime": now});
            object.set("status.conditions", value!([local]));
        }
    }
}

/// `True`, or the condition's status with its reason.
fn available(service: &Value) -> String {
    let mut conditions = service.items("status.conditions").iter();
    match conditions.find(|condition| condition.str("type") == "Available") {
        None => "Unknown".into(),
        Some(found) if found.str("status") == "True" => "True".into(),
        Some(found) => format!("{} ({})", found.str("status"), found.str("reason")),
    }
}
