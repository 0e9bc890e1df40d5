//! Version 1 of the kind: it knows one metric, the CPU's; all else travels in annotations.

use meta::{Value, value};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const STATUSES: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const CPU: &str = "targetCPUUtilizationPercentage";
const CURRENT_CPU: &str = "currentCPUUtilizationPercentage";

/// Of a metric's source: the place in version 2, and the name in version 1.
type Places = &'static [(&'static str, &'static [(&'static str, &'static str)])];

const TARGETS: Places = &[
    (
        "resource",
        &[
            ("name", "name"),
            ("target.averageUtilization", "targetAverageUtilization"),
            ("target.averageValue", "targetAverageValue"),
        ],
    ),
    (
        "containerResource",
        &[
            ("name", "name"),
            ("container", "container"),
            ("target.averageUtilization", "targetAverageUtilization"),
            ("target.averageValue", "targetAverageValue"),
        ],
    ),
    (
        "pods",
        &[
            ("metric.name", "metricName"),
            ("metric.selector", "selector"),
            ("target.averageValue", "targetAverageValue"),
        ],
    ),
    (
        "object",
        &[
            ("describedObject", "target"),
            ("metric.name", "metricName"),
            ("metric.selector", "selector"),
            ("target.value", "targetValue"),
            ("target.averageValue", "averageValue"),
        ],
    ),
    (
        "external",
        &[
            ("metric.name", "metricName"),
            ("metric.selector", "metricSelector"),
            ("target.value", "targetValue"),
            ("target.averageValue", "targetAverageValue"),
        ],
    ),
];

const CURRENTS: Places = &[
    (
        "resource",
        &[
            ("name", "name"),
            ("current.averageUtilization", "currentAverageUtilization"),
            ("current.averageValue", "currentAverageValue"),
        ],
    ),
    (
        "containerResource",
        &[
            ("name", "name"),
            ("container", "container"),
            ("current.averageUtilization", "currentAverageUtilization"),
            ("current.averageValue", "currentAverageValue"),
        ],
    ),
    (
        "pods",
        &[
            ("metric.name", "metricName"),
            ("metric.selector", "selector"),
            ("current.averageValue", "currentAverageValue"),
        ],
    ),
    (
        "object",
        &[
            ("describedObject", "target"),
            ("metric.name", "metricName"),
            ("metric.selector", "selector"),
            ("current.value", "currentValue"),
            ("current.averageValue", "averageValue"),
        ],
    ),
    (
        "external",
        &[
            ("metric.name", "metricName"),
            ("metric.selector", "metricSelector"),
            ("current.value", "currentValue"),
            ("current.averageValue", "currentAverageValue"),
        ],
    ),
];

pub fn from_v2(mut object: Value) -> Value {
    drop_annotations(&mut object);
    let metrics = take_list(&mut object, "spec.metrics");
    let (cpu, others): (Vec<Value>, Vec<Value>) = metrics.into_iter().partition(is_cpu_utilization);
    if let Some(first) = cpu.first() {
        object.set(&format!("spec.{CPU}"), first.int("resource.target.averageUtilization"));
    }
    annotate(&mut object, METRICS, others.iter().map(|metric| moved(metric, TARGETS, true)).collect());
    let statuses = take_list(&mut object, "status.currentMetrics");
    let of_cpu = statuses.iter().rev().filter(|status| status.str("resource.name") == "cpu");
    let mut shares = of_cpu.filter_map(|status| status.at("resource.current.averageUtilization").as_int());
    if let Some(percent) = shares.next() {
        object.set(&format!("status.{CURRENT_CPU}"), percent);
    }
    annotate(&mut object, STATUSES, statuses.iter().map(|status| moved(status, CURRENTS, true)).collect());
    let conditions = take_list(&mut object, "status.conditions");
    annotate(&mut object, CONDITIONS, conditions);
    if let Some(behavior) = object.remove("spec.behavior").filter(|behavior| !behavior.is_null()) {
        set_annotation(&mut object, BEHAVIOR, &renamed(&behavior, capitalized));
    }
    let current = object.int("status.currentReplicas");
    if !object.get("status").is_null() {
        object.set("status.currentReplicas", current);
    }
    object
}

pub fn to_v2(mut object: Value) -> Value {
    let mut metrics: Vec<Value> =
        annotated_list(&object, METRICS).iter().map(|metric| typed(moved(metric, TARGETS, false))).collect();
    if let Some(percent) = object.remove(&format!("spec.{CPU}")).and_then(|value| value.as_int()) {
        metrics.push(cpu_metric(percent));
    }
    object.set("spec.metrics", Value::List(metrics));
    if let Some(behavior) = annotation(&object, BEHAVIOR) {
        object.set("spec.behavior", renamed(&behavior, uncapitalized));
    }
    let mut statuses: Vec<Value> =
        annotated_list(&object, STATUSES).iter().map(|status| moved(status, CURRENTS, false)).collect();
    let percent = object.remove(&format!("status.{CURRENT_CPU}")).and_then(|value| value.as_int());
    if let (true, Some(percent)) = (statuses.is_empty(), percent) {
        let current = value!({"averageUtilization": percent});
        statuses.push(value!({"type": "Resource", "resource": {"name": "cpu", "current": current}}));
    }
    if !object.get("status").is_null() {
        object.set("status.currentMetrics", if statuses.is_empty() { Value::Null } else { Value::List(statuses) });
        let conditions = annotated_list(&object, CONDITIONS);
        if !conditions.is_empty() {
            object.set("status.conditions", Value::List(conditions));
        }
    }
    drop_annotations(&mut object);
    object
}

fn is_cpu_utilization(metric: &Value) -> bool {
    metric.str("resource.name") == "cpu" && !metric.at("resource.target.averageUtilization").is_null()
}

fn cpu_metric(percent: i64) -> Value {
    let target = value!({"type": "Utilization", "averageUtilization": percent});
    value!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
}

fn take_list(object: &mut Value, path: &str) -> Vec<Value> {
    match object.remove(path) {
        Some(Value::List(items)) => items,
        _ => Vec::new(),
    }
}

/// A metric in the other version's form.
fn moved(metric: &Value, places: Places, older: bool) -> Value {
    let mut out = value!({"type": (metric.get("type").clone())});
    for (source, fields) in places.iter().filter(|(source, _)| !metric.get(source).is_null()) {
        let mut to = Value::map();
        for (newer_place, older_name) in *fields {
            let (from_path, to_path) = if older { (newer_place, older_name) } else { (older_name, newer_place) };
            let value = metric.get(source).at(from_path);
            if !value.is_null() {
                to.set(to_path, value.clone());
            }
        }
        out.set(source, to);
    }
    out
}

/// Version 2 says which of its fields a target uses.
fn typed(mut metric: Value) -> Value {
    for (source, _) in TARGETS {
        let target = metric.get(source).get("target");
        let kind = match target {
            Value::Null => continue,
            _ if !target.get("averageUtilization").is_null() => "Utilization",
            _ if !target.get("averageValue").is_null() => "AverageValue",
            _ => "Value",
        };
        metric.set(&format!("{source}.target.type"), kind);
    }
    metric
}

fn annotate(object: &mut Value, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        set_annotation(object, key, &Value::List(items));
    }
}

fn set_annotation(object: &mut Value, key: &str, value: &Value) {
    *object.entry("metadata").entry("annotations").entry(key) = value.to_string().into();
}

fn annotation(object: &Value, key: &str) -> Option<Value> {
    let text = object.at("metadata.annotations").get(key).as_str()?;
    meta::parse(text.as_bytes()).ok()
}

fn annotated_list(object: &Value, key: &str) -> Vec<Value> {
    match annotation(object, key) {
        Some(Value::List(items)) => items,
        _ => Vec::new(),
    }
}

fn drop_annotations(object: &mut Value) {
    if let Some(annotations) = object.at_mut("metadata.annotations").and_then(Value::as_map_mut) {
        annotations.retain(|key, _| ![METRICS, STATUSES, BEHAVIOR, CONDITIONS].contains(&key));
        if annotations.is_empty() {
            object.remove("metadata.annotations");
        }
    }
}

/// Upstream writes its behavior with Go's own names of the fields.
fn renamed(value: &Value, rename: fn(&str) -> String) -> Value {
    match value {
        Value::Map(map) => {
            let present = map.iter().filter(|(_, value)| !value.is_null());
            Value::Map(present.map(|(key, value)| (rename(key), renamed(value, rename))).collect())
        }
        Value::List(items) => Value::List(items.iter().map(|item| renamed(item, rename)).collect()),
        other => other.clone(),
    }
}

fn capitalized(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

fn uncapitalized(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}
