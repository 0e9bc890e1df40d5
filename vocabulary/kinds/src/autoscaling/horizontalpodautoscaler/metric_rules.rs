//! What the metrics of an autoscaler must satisfy.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, Quantity, names};

const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

type Judge = fn(&Cursor<'_>, &mut ErrorList);

/// The sources in upstream's order: of several, only the first is looked into.
const SOURCES: [(&str, &str, Judge); 5] = [
    ("Object", "object", object),
    ("External", "external", external),
    ("Pods", "pods", pods),
    ("Resource", "resource", resource),
    ("ContainerResource", "containerResource", container_resource),
];

pub fn check(metrics: &Cursor<'_>, out: &mut ErrorList) {
    metrics.items().for_each(|metric| check_metric(&metric, out));
}

fn check_metric(metric: &Cursor<'_>, out: &mut ErrorList) {
    let kind = metric.at("type");
    check::required(&kind, "must specify a metric source type", out);
    let wanted = SOURCES.iter().find(|(word, ..)| *word == kind.str()).map(|(_, source, _)| *source);
    let given: Vec<_> = SOURCES.iter().filter(|(_, source, _)| !metric.at(source).is_null()).collect();
    if let Some((_, source, judge)) = given.first() {
        judge(&metric.at(source), out);
    }
    match wanted {
        // Upstream looks twice.
        None => (0..2).for_each(|_| out.push(FieldError::not_supported(&kind.path, kind.str(), TYPES))),
        Some(source) if metric.at(source).is_null() => {
            let why = "must populate information for the given metric source";
            out.push(FieldError::required(&metric.at(source).path, why));
        }
        Some(_) => {}
    }
    if given.len() != 1 {
        for (_, source, _) in given.iter().filter(|(_, source, _)| Some(*source) != wanted) {
            check::forbidden(&metric.at(source).path, "must populate the given metric source only", out);
        }
    }
}

fn object(source: &Cursor<'_>, out: &mut ErrorList) {
    super::reference_version(&source.at("describedObject"), true, out);
    identifier(&source.at("metric"), out);
    let target = source.at("target");
    self::target(&target, out);
    if !check::any_present(target.value, &["value", "averageValue"]) {
        required_value(&target, "averageValue", "must set either a target value or averageValue", out);
    }
}

fn external(source: &Cursor<'_>, out: &mut ErrorList) {
    identifier(&source.at("metric"), out);
    let target = source.at("target");
    self::target(&target, out);
    match (target.at("value").is_null(), target.at("averageValue").is_null()) {
        (true, true) => {
            let why = "must set either a target value for metric or a per-pod target";
            required_value(&target, "averageValue", why, out);
        }
        (false, false) => {
            let why = "may not set both a target value for metric and a per-pod target";
            check::forbidden(&target.at("value").path, why, out);
        }
        _ => {}
    }
}

fn pods(source: &Cursor<'_>, out: &mut ErrorList) {
    identifier(&source.at("metric"), out);
    let target = source.at("target");
    self::target(&target, out);
    if target.at("averageValue").is_null() {
        required_value(&target, "averageValue", "must specify a positive target averageValue", out);
    }
}

fn resource(source: &Cursor<'_>, out: &mut ErrorList) {
    check::required(&source.at("name"), "must specify a resource name", out);
    resource_target(&source.at("target"), out);
}

fn container_resource(source: &Cursor<'_>, out: &mut ErrorList) {
    let (name, container) = (source.at("name"), source.at("container"));
    if check::required(&name, "must specify a resource name", out) {
        check::text(&name, names::qualified_name(name.str()), out);
    }
    if check::required(&container, "must specify a container", out) {
        check::text(&container, names::dns_label(container.str()), out);
    }
    resource_target(&source.at("target"), out);
}

fn resource_target(target: &Cursor<'_>, out: &mut ErrorList) {
    self::target(target, out);
    match (target.at("averageUtilization").is_null(), target.at("averageValue").is_null()) {
        (true, true) => {
            let why = "must set either a target raw value or a target utilization";
            required_value(target, "averageUtilization", why, out);
        }
        (false, false) => {
            let why = "may not set both a target raw value and a target utilization";
            check::forbidden(&target.at("averageValue").path, why, out);
        }
        _ => {}
    }
}

fn required_value(target: &Cursor<'_>, field: &str, why: &str, out: &mut ErrorList) {
    out.push(FieldError::required(&target.at(field).path, why));
}

fn target(at: &Cursor<'_>, out: &mut ErrorList) {
    let kind = at.at("type");
    check::required(&kind, "must specify a metric target type", out);
    if !["Utilization", "Value", "AverageValue"].contains(&kind.str()) {
        out.push(FieldError::invalid(&kind.path, kind.str(), "must be either Utilization, Value, or AverageValue"));
    }
    for field in ["value", "averageValue"] {
        let amount = at.at(field);
        if Quantity::parse(amount.str()).is_ok_and(|quantity| quantity.is_zero() || quantity.is_negative()) {
            check::invalid(&amount, "must be positive", out);
        }
    }
    let share = at.at("averageUtilization");
    if !share.is_null() && share.int() < 1 {
        check::invalid(&share, "must be greater than 0", out);
    }
}

fn identifier(at: &Cursor<'_>, out: &mut ErrorList) {
    let name = at.at("name");
    if check::required(&name, "must specify a metric name", out) {
        check::text(&name, names::path_segment(name.str()), out);
    }
}
