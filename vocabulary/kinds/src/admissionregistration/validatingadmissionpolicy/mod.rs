//! ValidatingAdmissionPolicy: rules in CEL that may refuse what is written.

mod policy_rules;

use crate::cells;
use crate::{Context, KindDef, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row =
    Row::new("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", || Arc::new(ValidatingAdmissionPolicy));

struct ValidatingAdmissionPolicy;

impl Rules for ValidatingAdmissionPolicy {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["metadata", "spec"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let param_kind = match object.at("spec.paramKind") {
            Value::Null => "<unset>".to_string(),
            kind => format!("{}/{}", kind.str("apiVersion"), kind.str("kind")),
        };
        let validations = object.items("spec.validations").len() as i64;
        vec![cells::name(object), validations.into(), param_kind.into(), cells::age(object, now)]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        if context.subresource.is_empty() {
            policy_rules::check(&Cursor::root(new).at("spec"), new.str("metadata.name"), out);
        }
    }
}
