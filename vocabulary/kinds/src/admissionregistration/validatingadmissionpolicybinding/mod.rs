//! ValidatingAdmissionPolicyBinding: where an admission policy applies.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
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
