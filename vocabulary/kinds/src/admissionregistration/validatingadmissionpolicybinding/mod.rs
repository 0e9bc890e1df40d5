//! ValidatingAdmissionPolicyBinding: where an admission policy applies.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", || {
    Arc::new(ValidatingAdmissionPolicyBinding)
});

struct ValidatingAdmissionPolicyBinding;

impl Rules for ValidatingAdmissionPolicyBinding {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("spec.policyName").into(), param_name(object), cells::age(object, now)]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        let actions = spec.at("validationActions");
        let has = |word: &str| actions.items().any(|action| action.str() == word);
        if has("Deny") && has("Warn") {
            let why = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
            check::invalid(&actions, why, out);
        }
        let param = spec.at("paramRef");
        if !param.at("name").str().is_empty() && !param.at("selector").is_null() {
            for field in ["name", "selector"] {
                check::forbidden(&param.at(field).path, "name and selector are mutually exclusive", out);
            }
        }
    }
}

fn param_name(binding: &Value) -> Value {
    let param = binding.at("spec.paramRef");
    match (param.str("name"), param.str("namespace")) {
        ("", _) if param.get("selector").is_null() => "<unset>".into(),
        ("", _) => selector_as_go_prints_it(param.get("selector")).into(),
        (name, "") => format!("*/{name}").into(),
        (name, namespace) => format!("{namespace}/{name}").into(),
    }
}

/// Upstream prints the protobuf message's debug text here.
fn selector_as_go_prints_it(selector: &Value) -> String {
    let labels: Vec<String> = selector
        .fields("matchLabels")
        .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or("")))
        .collect();
    let requirements: Vec<String> = selector.items("matchExpressions").iter().map(requirement).collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        labels.concat(),
        requirements.concat()
    )
}

fn requirement(expression: &Value) -> String {
    let values = cells::joined(expression.get("values"), " ");
    format!(
        "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{values}],}},",
        expression.str("key"),
        expression.str("operator")
    )
}
