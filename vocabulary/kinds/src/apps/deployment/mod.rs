//! Deployment: replicas of a pod and how they are renewed.

use crate::cells;
use crate::pods::defaults;
use crate::pods::warnings;
use crate::{Context, KindDef, Row, Rules, check, metadata, workload};
use jiff::Timestamp;
use meta::selector::LabelSelector;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "Deployment", || Arc::new(Deployment));

struct Deployment;

impl Rules for Deployment {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["spec", "metadata.labels"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let number = |path: &str| object.int(path);
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        let selector = LabelSelector::from_value(object.at("spec.selector"));
        vec![
            cells::name(object),
            format!("{}/{}", number("status.readyReplicas"), number("spec.replicas")).into(),
            number("status.updatedReplicas").into(),
            number("status.availableReplicas").into(),
            cells::age(object, now),
            names,
            images,
            selector.map_or_else(|_| "<invalid>".into(), |selector| selector.to_string()).into(),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        new.get("spec") != old.get("spec") || new.at("metadata.annotations") != old.at("metadata.annotations")
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL_BUT_LABELS);
    }

    fn default(&self, object: &mut Value) {
        if object.str("spec.strategy.type") == "RollingUpdate" {
            object.set_if_absent("spec.strategy.rollingUpdate.maxUnavailable", "25%");
            object.set_if_absent("spec.strategy.rollingUpdate.maxSurge", "25%");
        }
        if let Some(spec) = object.at_mut("spec.template.spec") {
            defaults::of_spec(spec);
        }
    }

    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        warnings::of_template(&Cursor::root(new).at("spec.template"), new, old)
    }

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        if context.subresource == "status" {
            let parts = ["updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"];
            return workload::counters(&at.at("status"), &parts, out);
        }
        workload::judge(&at.at("spec"), "deployment", out);
        strategy(&at.at("spec.strategy"), out);
        let deadline = at.at("spec.progressDeadlineSeconds");
        if !deadline.is_null() && deadline.int() <= at.at("spec.minReadySeconds").int() {
            check::invalid(&deadline, "must be greater than minReadySeconds", out);
        }
    }
}

fn strategy(at: &Cursor<'_>, out: &mut ErrorList) {
    let rolling = at.at("rollingUpdate");
    match at.at("type").str() {
        "Recreate" if !rolling.is_null() => {
            check::forbidden(&rolling.path, "may not be specified when strategy `type` is 'Recreate'", out);
        }
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.at("maxUnavailable"), rolling.at("maxSurge"));
            workload::int_or_percent(&unavailable, out);
            workload::int_or_percent(&surge, out);
            if workload::is_zero(unavailable.value) && workload::is_zero(surge.value) {
                check::invalid(&unavailable, "may not be 0 when `maxSurge` is 0", out);
            }
            workload::not_more_than_all(&unavailable, out);
        }
        "Recreate" => {}
        _ => out.push(FieldError::not_supported(&at.path, at.value.clone(), ["Recreate", "RollingUpdate"])),
    }
}
