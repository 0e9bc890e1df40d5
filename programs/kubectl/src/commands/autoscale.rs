//! `kubectl autoscale`: a HorizontalPodAutoscaler for what can be scaled.

use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, DRY_RUN, FILES, Flag, Kind, PRINT, RECORD, SAVE_CONFIG};
use crate::last_applied;
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::{Quantity, Value, value};

const FLAGS: &[Flag] = &[
    Flag::of(Kind::Int32, "min", "-1"),
    Flag::of(Kind::Int32, "max", "-1"),
    Flag::of(Kind::Int32, "cpu-percent", "-1"),
    flags::text("cpu"),
    flags::text("memory"),
    flags::text("name"),
    flags::text("field-manager"),
];

pub const COMMAND: Command = Command::new("autoscale", "Scale by use", "(-f FILE | TYPE NAME) --max=COUNT")
    .flags(&[FLAGS, FILES, PRINT, DRY_RUN, RECORD, SAVE_CONFIG])
    .required(&["max"])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if flags.changed("cpu-percent") {
        session.warn(
            "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for \
             utilization or '500m' for milliCPU).",
        );
    }
    let change = Change::of(session)?;
    let (min, max) = (flags.number("min"), flags.number("max"));
    if max < 1 {
        return Err(Failure::text(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        let text = format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}");
        return Err(Failure::text(text));
    }
    if flags.number("cpu-percent") > 0 && !flags.text("cpu").is_empty() {
        return Err(Failure::text("--cpu-percent and --cpu are mutually exclusive"));
    }
    let metrics = metrics(session)?;
    let found = Query::of(session).find(session)?;
    let (mut failures, count) = (found.failures, found.targets.len());
    for target in &found.targets {
        failures.extend(one(session, &change, target, &metrics).err());
    }
    Failure::all(failures)?;
    if count == 0 { Err(Failure::text("no objects passed to autoscale")) } else { Ok(()) }
}

fn metrics(session: &Session<'_>) -> Result<Vec<Value>, Failure> {
    let flags = &session.flags;
    let percent = flags.number("cpu-percent");
    let mut metrics = Vec::new();
    if percent > 0 {
        metrics.push(metric("cpu", value!({"type": "Utilization", "averageUtilization": percent})));
    }
    for (resource, unit) in [("cpu", "m"), ("memory", "Mi")] {
        let text = flags.text(resource).trim();
        if !text.is_empty() {
            metrics.push(metric(resource, target(resource, unit, text).map_err(Failure::text)?));
        }
    }
    Ok(metrics)
}

fn metric(resource: &str, target: Value) -> Value {
    value!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

/// A part of what was requested, or an amount; a bare number is one of the unit.
fn target(resource: &str, unit: &str, text: &str) -> Result<Value, String> {
    if let Some(percent) = text.strip_suffix('%') {
        let parsed = percent.parse::<i32>().ok().filter(|percent| *percent >= 0);
        let percent = parsed.ok_or_else(|| format!("invalid percentage value: {percent}"))?;
        return Ok(value!({"type": "Utilization", "averageUtilization": (i64::from(percent))}));
    }
    let with_unit = match text.parse::<f64>() {
        Ok(number) => format!("{number}{unit}"),
        Err(_) => text.to_string(),
    };
    let amount = Quantity::parse(&with_unit).map_err(|_| format!("invalid resource {resource} value: {text}"))?;
    Ok(value!({"type": "AverageValue", "averageValue": (amount.to_string())}))
}

fn one(session: &Session<'_>, change: &Change, target: &Target, metrics: &[Value]) -> Result<(), Failure> {
    let resource = &target.resource;
    if !resource.subresources.iter().any(|sub| sub == "scale") {
        return Err(Failure::text(format!(
            "cannot autoscale a {}: could not find scale subresource for {}/{}, Resource={} in discovery information",
            resource.kind, resource.group, resource.version, resource.plural
        )));
    }
    let mut scaler = scaler(session, target, metrics)?;
    if change.dry_run == DryRun::Client {
        scaler.set("status", value!({"currentMetrics": null, "desiredReplicas": 0i64}));
        return change.tell(session, &scaler, "created");
    }
    if session.flags.has("save-config") {
        last_applied::write(&mut scaler);
    }
    let made = send(session, change, &scaler).or_else(|_| send(session, change, &older(session, scaler)?))?;
    change.tell(session, &made, "autoscaled")
}

fn send(session: &Session<'_>, change: &Change, scaler: &Value) -> Result<Value, Failure> {
    let (version, namespace) = (scaler.str("apiVersion"), session.namespace()?);
    let path = format!("/apis/{version}/namespaces/{namespace}/horizontalpodautoscalers");
    let request = Request::post(path, scaler).with("fieldManager", field_manager(session, "kubectl-autoscale"));
    session.door()?.call(change.dry_run.ask(request))
}

/// What a refused autoscaler is in the older version, which knows of parts of the CPU alone.
fn older(session: &Session<'_>, mut scaler: Value) -> Result<Value, Failure> {
    let (cpu, percent) = (session.flags.text("cpu").trim(), session.flags.number("cpu-percent"));
    let possible = session.flags.text("memory").is_empty() && (percent >= 0 || cpu.ends_with('%'));
    if !possible {
        let why = if cpu.is_empty() { "empty input" } else { "%!w(<nil>)" };
        return Err(Failure::text(format!(
            "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: {why}"
        )));
    }
    scaler.set("apiVersion", "autoscaling/v1");
    scaler.remove("spec.metrics");
    if percent >= 0 {
        scaler.set("spec.targetCPUUtilizationPercentage", percent);
    }
    Ok(scaler)
}

fn scaler(session: &Session<'_>, target: &Target, metrics: &[Value]) -> Result<Value, Failure> {
    let name = match session.flags.text("name") {
        "" => target.name.as_str(),
        name => name,
    };
    let (api_version, kind, of) = (target.resource.api_version(), target.resource.kind.as_str(), target.name.as_str());
    let mut scaler = value!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "maxReplicas": (session.flags.number("max")),
            "scaleTargetRef": {"apiVersion": api_version, "kind": kind, "name": of}
        }
    });
    if session.flags.number("min") > 0 {
        scaler.set("spec.minReplicas", session.flags.number("min"));
    }
    if !metrics.is_empty() {
        scaler.set("spec.metrics", Value::List(metrics.to_vec()));
    }
    if session.namespace_given() {
        scaler.set("metadata.namespace", session.namespace()?);
    }
    Ok(scaler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_parts_or_amounts() {
        for (text, expect) in [
            ("70%", Ok(value!({"type": "Utilization", "averageUtilization": 70i64}))),
            ("500", Ok(value!({"type": "AverageValue", "averageValue": "500m"}))),
            ("1500m", Ok(value!({"type": "AverageValue", "averageValue": "1500m"}))),
            ("x%", Err("invalid percentage value: x".to_string())),
            ("x", Err("invalid resource cpu value: x".to_string())),
        ] {
            assert_eq!(target("cpu", "m", text), expect, "{text}");
        }
    }
}
