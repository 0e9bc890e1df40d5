//! APIService: where a group version is served.

use crate::cells;
use crate::{Context, Row, Rules, check, fresh};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Time, Value, value};
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

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let at = Cursor::root(new);
        let spec = at.at("spec");
        let wanted = format!("{}.{}", spec.at("version").str(), spec.at("group").str());
        let name = at.at("metadata.name");
        if name.str() != wanted && !(spec.at("group").str().is_empty() && name.str() == "v1.") {
            check::invalid(&name, format!("must be `spec.version+\".\"+spec.group`: {wanted:?}"), out);
        }
        let version = spec.at("version");
        let complaints = meta::names::dns_1035_label(version.str()).into_iter();
        out.extend(complaints.map(|why| FieldError::invalid(&version.path, version.str(), why)));
        for (field, most) in [("groupPriorityMinimum", 20000), ("versionPriority", 1000)] {
            let priority = spec.at(field);
            if priority.int() <= 0 || priority.int() > most {
                let why = format!("must be positive and less than {most}");
                out.push(FieldError::invalid(&priority.path, priority.int(), why));
            }
        }
        let careless = spec.at("insecureSkipTLSVerify");
        if spec.at("service").is_null() && careless.bool() {
            check::invalid(&careless, "local APIServices may not have insecureSkipTLSVerify", out);
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
