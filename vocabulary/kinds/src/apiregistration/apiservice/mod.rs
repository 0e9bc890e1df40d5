//! APIService: where a group version is served.

use crate::cells;
use crate::{Context, KindDef, Row, Rules, check, fresh};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Time, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("apiregistration.k8s.io", "APIService", || Arc::new(APIService));

struct APIService;

impl Rules for APIService {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["metadata", "spec"],
            _ => &[],
        }
    }

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
        let nameable = !name.str().is_empty() && meta::names::path_segment(name.str()).is_empty();
        if nameable && name.str() != wanted && !(spec.at("group").str().is_empty() && name.str() == "v1.") {
            check::invalid(&name, format!("must be `spec.version+\".\"+spec.group`: {wanted:?}"), out);
        }
        if spec.at("group").str().is_empty() && spec.at("version").str() != "v1" {
            let why = "only v1 may have an empty group and it better be legacy kube";
            out.push(FieldError::required(&spec.at("group").path, why));
        }
        for (field, most) in [("groupPriorityMinimum", 20000), ("versionPriority", 1000)] {
            let priority = spec.at(field);
            if priority.int() <= 0 || priority.int() > most {
                let why = format!("must be positive and less than {most}");
                out.push(FieldError::invalid(&priority.path, priority.int(), why));
            }
        }
        trust(&spec, out);
    }
}

/// What is served here needs no trust; what is served elsewhere is either trusted by name or not at all.
fn trust(spec: &Cursor<'_>, out: &mut ErrorList) {
    let (bundle, careless, service) = (spec.at("caBundle"), spec.at("insecureSkipTLSVerify"), spec.at("service"));
    if !service.is_null() {
        let port = service.at("port");
        if !(1..=65535).contains(&port.int()) {
            check::invalid(&port, "port is not valid: must be between 1 and 65535, inclusive", out);
        }
        if careless.bool() && !bundle.str().is_empty() {
            check::invalid(&careless, "may not be true if caBundle is present", out);
        }
        return;
    }
    if !bundle.str().is_empty() {
        let shown = format!("{} bytes", STANDARD.decode(bundle.str()).map_or(0, |bytes| bytes.len()));
        out.push(FieldError::invalid(&bundle.path, shown, "local APIServices may not have a caBundle"));
    }
    if careless.bool() {
        check::invalid(&careless, "local APIServices may not have insecureSkipTLSVerify", out);
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
