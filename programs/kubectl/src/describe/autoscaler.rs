//! A horizontal pod autoscaler.

use super::Asker;
use super::page::{Page, moment, or};
use crate::failure::Failure;
use meta::{Value, quote};

pub fn describe(asker: &Asker<'_, '_>, scaler: &Value, page: &mut Page) -> Result<(), Failure> {
    let (spec, status) = (scaler.get("spec"), scaler.get("status"));
    page.head(scaler);
    page.field(0, "CreationTimestamp", moment(scaler.str("metadata.creationTimestamp")));
    let kind = spec.str("scaleTargetRef.kind");
    page.field(0, "Reference", format!("{kind}/{}", spec.str("scaleTargetRef.name")));
    page.field(0, "Metrics", "( current / target )");
    let nothing = Value::Null;
    for (number, metric) in spec.items("metrics").iter().enumerate() {
        describe_metric(page, metric, status.items("currentMetrics").get(number).unwrap_or(&nothing));
    }
    let least = spec.get("minReplicas").as_int().map_or_else(|| "<unset>".into(), |least| least.to_string());
    page.field(0, "Min replicas", least);
    page.field(0, "Max replicas", spec.int("maxReplicas"));
    if !spec.get("behavior").is_null() {
        page.line(0, "Behavior:");
        behavior(page, "Scale Up", spec.at("behavior.scaleUp"));
        behavior(page, "Scale Down", spec.at("behavior.scaleDown"));
    }
    let (current, desired) = (status.int("currentReplicas"), status.int("desiredReplicas"));
    page.field(0, &format!("{kind} pods"), format!("{current} current / {desired} desired"));
    conditions(page, status.items("conditions"));
    asker.events(page);
    Ok(())
}

fn describe_metric(page: &mut Page, metric: &Value, now: &Value) {
    let kind = metric.str("type");
    let field = match kind {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return page.line(1, format!("<unknown metric type {}>", quote(kind))),
    };
    let (metric, current) = (metric.get(field), now.get(field).get("current"));
    let (target, name) = (metric.get("target"), metric.str("metric.name"));
    let amounts = |what: &str| format!("{} / {}", or(current.str(what), "<unknown>"), or(target.str(what), "<nil>"));
    let of_target = || match target.get("averageValue").is_null() {
        true => format!("(target value):\t{}", amounts("value")),
        false => format!("(target average value):\t{}", amounts("averageValue")),
    };
    page.line(
        1,
        match kind {
            "External" => format!("{} {}", quote(name), of_target()),
            "Pods" => format!("{} on pods:\t{}", quote(name), amounts("averageValue")),
            "Object" => {
                let (kind, of) = (metric.str("describedObject.kind"), metric.str("describedObject.name"));
                format!("\"{name}\" on {kind}/{of} {}", of_target())
            }
            _ => {
                let container = match metric.str("container") {
                    "" => String::new(),
                    container => format!(" of container \"{container}\""),
                };
                let title = format!("resource {}{container} on pods", metric.str("name"));
                match target.get("averageValue").is_null() {
                    true => format!("{title}  (as a percentage of request):\t{}", parts(current, target)),
                    false => format!("{title}:\t{}", amounts("averageValue")),
                }
            }
        },
    );
}

/// Parts of what was requested.
fn parts(current: &Value, target: &Value) -> String {
    let percent = |value: &Value| value.get("averageUtilization").as_int().map(|percent| format!("{percent}%"));
    let now = percent(current).map(|percent| format!("{percent} ({})", or(current.str("averageValue"), "<nil>")));
    format!("{} / {}", now.unwrap_or_else(|| "<unknown>".into()), percent(target).unwrap_or_else(|| "<auto>".into()))
}

fn behavior(page: &mut Page, title: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    page.line(1, format!("{title}:"));
    if let Some(seconds) = rules.get("stabilizationWindowSeconds").as_int() {
        page.line(2, format!("Stabilization Window: {seconds} seconds"));
    }
    let policies = rules.items("policies");
    if !policies.is_empty() {
        page.line(2, format!("Select Policy: {}", or(rules.str("selectPolicy"), "Max")));
        page.line(2, "Policies:");
    }
    for policy in policies {
        let (kind, value, period) = (policy.str("type"), policy.int("value"), policy.int("periodSeconds"));
        page.line(3, format!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"));
    }
}

fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tReason\tMessage");
    page.line(1, "----\t------\t------\t-------");
    for one in conditions {
        let (kind, status, reason) = (one.str("type"), one.str("status"), one.str("reason"));
        page.line(1, format!("{kind}\t{status}\t{reason}\t{}", one.str("message")));
    }
}
