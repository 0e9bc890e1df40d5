//! ValidatingAdmissionPolicyBinding: where an admission policy applies.

use crate::admissionregistration::match_rules;
use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
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
        actions(&spec.at("validationActions"), out);
        spec.at("paramRef").present().iter().for_each(|param| param_ref(param, out));
        match_rules::resources(&spec.at("matchResources"), out);
    }
}

fn actions(actions: &Cursor<'_>, out: &mut ErrorList) {
    let has = |word: &str| actions.items().any(|action| action.str() == word);
    if has("Deny") && has("Warn") {
        let why = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        check::invalid(actions, why, out);
    }
}

fn param_ref(param: &Cursor<'_>, out: &mut ErrorList) {
    check::required_one_of(&param.at("parameterNotFoundAction"), &["Deny", "Allow"], out);
    let (name, selector) = (param.at("name"), param.at("selector"));
    match (name.str().is_empty(), selector.is_null()) {
        (true, true) => out.push(FieldError::required(&param.path, "one of name or selector must be specified")),
        (false, false) => {
            for field in [&name, &selector] {
                check::forbidden(&field.path, "name and selector are mutually exclusive", out);
            }
        }
        _ => {}
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
