//! The TARGETS cell: each metric's current value and its target.

use meta::Value;

const SHOWN: usize = 2;
const UNKNOWN: &str = "<unknown>";

pub fn cell(autoscaler: &Value) -> Value {
    let specs = autoscaler.items("spec.metrics");
    let statuses = autoscaler.items("status.currentMetrics");
    let words: Vec<String> = specs.iter().enumerate().map(|(i, spec)| metric(spec, statuses.get(i))).collect();
    match words.len() {
        0 => "<none>".into(),
        count if count > SHOWN => format!("{} + {} more...", words[..SHOWN].join(", "), count - SHOWN).into(),
        _ => words.join(", ").into(),
    }
}

fn metric(spec: &Value, status: Option<&Value>) -> String {
    let absent = Value::Null;
    let status = status.unwrap_or(&absent);
    match spec.str("type") {
        "External" => averaged(spec.get("external"), status.get("external")),
        "Object" => averaged(spec.get("object"), status.get("object")),
        "Pods" => {
            let (spec, status) = (spec.get("pods"), status.get("pods"));
            format!("{}/{}", value(status, "averageValue"), spec.str("target.averageValue"))
        }
        "Resource" => resource(spec.get("resource"), status.get("resource")),
        "ContainerResource" => resource(spec.get("containerResource"), status.get("containerResource")),
        _ => "<unknown type>".into(),
    }
}

fn averaged(spec: &Value, status: &Value) -> String {
    match spec.at("target.averageValue").as_str() {
        Some(target) => format!("{}/{target} (avg)", value(status, "averageValue")),
        None => format!("{}/{}", value(status, "value"), spec.str("target.value")),
    }
}

fn resource(spec: &Value, status: &Value) -> String {
    let name = spec.str("name");
    if let Some(target) = spec.at("target.averageValue").as_str() {
        return format!("{name}: {}/{target}", value(status, "averageValue"));
    }
    let percent = |from: &Value, path: &str, none: &str| match from.at(path).as_int() {
        Some(percent) => format!("{percent}%"),
        None => none.to_string(),
    };
    let current = percent(status, "current.averageUtilization", UNKNOWN);
    format!("{name}: {current}/{}", percent(spec, "target.averageUtilization", "<auto>"))
}

fn value<'s>(status: &'s Value, field: &str) -> &'s str {
    status.get("current").get(field).as_str().unwrap_or(UNKNOWN)
}
