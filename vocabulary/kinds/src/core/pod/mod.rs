//! Pod: containers that live and die together.

mod app_armor;
mod label_keys;
mod part_update;
mod pod_cells;
mod status_rules;
mod status_update;

use crate::cells;
use crate::pods::defaults;
use crate::pods::qos;
use crate::pods::validate;
use crate::pods::warnings;
use crate::{Context, KindDef, Row, Rules, check, metadata};
use jiff::Timestamp;
use meta::{CompactString, Cursor, ErrorList, Time, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "Pod", || Arc::new(Pod));

/// How long a pod may take to end when nobody says otherwise.
const GRACE_SECONDS: i64 = 30;

struct Pod;

impl Rules for Pod {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["spec", "metadata.deletionTimestamp", "metadata.ownerReferences"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let summary = pod_cells::summary(object, now);
        let address = object.items("status.podIPs").first().map_or("", |address| address.str("ip"));
        vec![
            cells::name(object),
            summary.ready.into(),
            summary.reason.into(),
            summary.restarts.into(),
            cells::age(object, now),
            if address.is_empty() { "<none>".into() } else { address.into() },
            cells::text_or(object, "spec.nodeName", "<none>"),
            cells::text_or(object, "status.nominatedNodeName", "<none>"),
            pod_cells::readiness_gates(object).into(),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn selectable(&self) -> &[&'static str] {
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ]
    }

    fn selectable_value(&self, object: &Value, field: &str) -> CompactString {
        match field {
            "spec.hostNetwork" => if object.bool(field) { "true" } else { "false" }.into(),
            "status.podIP" => object.items("status.podIPs").first().map_or("", |address| address.str("ip")).into(),
            _ => object.str(field).into(),
        }
    }

    /// None for a pod that runs nowhere: it ends at once, as one that has ended does.
    fn grace_seconds(&self, object: &Value, asked: Option<i64>) -> Option<i64> {
        let ended = ["Succeeded", "Failed"].contains(&object.str("status.phase"));
        if object.str("spec.nodeName").is_empty() || ended {
            return Some(0);
        }
        let own = object.at("spec.terminationGracePeriodSeconds").as_int();
        let seconds = asked.or(own).unwrap_or(GRACE_SECONDS);
        // A negative period of the pod's own asks for the shortest one.
        Some(if seconds < 0 { 1 } else { seconds })
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL_BUT_OWNERS);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        if let Some(spec) = object.at_mut("spec") {
            defaults::of_spec(spec);
            defaults::of_pod(spec);
        }
        status_update::settle_addresses(object);
    }

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        let class = qos::class(object.get("spec"));
        object.set("status", value!({"phase": "Pending", "qosClass": class}));
        if !object.items("spec.schedulingGates").is_empty() {
            object.set("status.conditions", value!([(gated(context.now))]));
        }
        label_keys::apply(object);
        app_armor::follow_annotations(object);
    }

    fn warnings_as_sent(&self, object: &Value) -> Vec<String> {
        app_armor::warnings(object)
    }

    fn prepare_update(&self, context: &Context<'_>, new: &mut Value, old: &Value) {
        match context.subresource {
            "status" => status_update::prepare(new, old),
            "ephemeralcontainers" => keep_but(new, old, &["ephemeralContainers"]),
            "resize" => resize(new, old),
            _ => {}
        }
    }

    /// Hardly anything of a pod changes, and seldom by hand.
    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        old.map_or_else(|| warnings::of_pod(&Cursor::root(new)), |_| Vec::new())
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        match (context.subresource, old) {
            ("", None) => {
                validate::spec(&spec, validate::Place::Pod, out);
                let ephemeral = spec.at("ephemeralContainers");
                if ephemeral.items().next().is_some() {
                    check::forbidden(&ephemeral.path, "cannot be set on create", out);
                }
            }
            ("ephemeralcontainers", Some(old)) => {
                validate::spec(&spec, validate::Place::Pod, out);
                part_update::judge_ephemeral(&spec, old.get("spec"), out);
            }
            ("resize", Some(old)) => {
                validate::spec(&spec, validate::Place::Pod, out);
                part_update::judge_resize(&Cursor::root(new), old, out);
            }
            ("status", Some(old)) => status_rules::judge(&Cursor::root(new), old, out),
            ("", Some(old)) => {
                validate::spec(&spec, validate::Place::Pod, out);
                validate::update::judge(&spec, old.get("spec"), out);
            }
            _ => {}
        }
    }
}

/// The condition of a pod whose scheduling waits for gates.
fn gated(now: Timestamp) -> Value {
    value!({
        "type": "PodScheduled",
        "status": "False",
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
        "lastProbeTime": null,
        "lastTransitionTime": (Time(now).to_string()),
    })
}

/// The old pod with a few fields of the new one's spec; what metadata the request may write stays.
fn keep_but(new: &mut Value, old: &Value, fields: &[&str]) {
    let mut kept = old.clone();
    for field in fields {
        match new.get("spec").get(field).clone() {
            Value::Null => _ = kept.remove(&format!("spec.{field}")),
            value => kept.set(&format!("spec.{field}"), value),
        }
    }
    for field in ["managedFields", "resourceVersion"] {
        let own = new.get("metadata").get(field).clone();
        kept.set(&format!("metadata.{field}"), own);
    }
    *new = kept;
}

fn resize(new: &mut Value, old: &Value) {
    let spec = part_update::resized(new.get("spec"), old.get("spec"));
    keep_but(new, old, &[]);
    new.set("spec", spec);
}
