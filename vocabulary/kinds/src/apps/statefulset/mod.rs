//! StatefulSet: replicas with an identity each.

use crate::cells;
use crate::pods::defaults;
use crate::{Row, Rules, metadata};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "StatefulSet", || Arc::new(StatefulSet));

struct StatefulSet;

impl Rules for StatefulSet {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        let ready = format!("{}/{}", object.int("status.readyReplicas"), object.int("spec.replicas"));
        vec![cells::name(object), ready.into(), cells::age(object, now), names, images]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn default(&self, object: &mut Value) {
        let strategy = object.entry("spec").entry("updateStrategy");
        if strategy.str("type").is_empty() {
            strategy.set("type", "RollingUpdate");
            strategy.set_if_absent("rollingUpdate", Value::map());
        }
        if strategy.str("type") == "RollingUpdate" && !strategy.get("rollingUpdate").is_null() {
            strategy.set_if_absent("rollingUpdate.partition", 0i64);
        }
        if let Some(spec) = object.at_mut("spec") {
            defaults::each(spec, "volumeClaimTemplates", |claim| {
                claim.set("apiVersion", "v1");
                claim.set("kind", "PersistentVolumeClaim");
            });
        }
        if let Some(spec) = object.at_mut("spec.template.spec") {
            defaults::of_spec(spec);
        }
    }
}
