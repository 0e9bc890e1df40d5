//! Deployment: replicas of a pod and how they are renewed.

use crate::cells;
use crate::pods::defaults;
use crate::{Row, Rules, metadata};
use jiff::Timestamp;
use meta::Value;
use meta::selector::LabelSelector;
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "Deployment", || Arc::new(Deployment));

struct Deployment;

impl Rules for Deployment {
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
}
