//! DaemonSet: one pod on every node that fits.

use crate::cells;
use crate::pods::defaults;
use crate::pods::warnings;
use crate::{Context, Row, Rules, check, fresh, metadata, workload};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "DaemonSet", || Arc::new(DaemonSet));

struct DaemonSet;

impl Rules for DaemonSet {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let number = |path: &str| Value::from(object.int(path));
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        vec![
            cells::name(object),
            number("status.desiredNumberScheduled"),
            number("status.currentNumberScheduled"),
            number("status.numberReady"),
            number("status.updatedNumberScheduled"),
            number("status.numberAvailable"),
            cells::labels(object.at("spec.template.spec.nodeSelector")),
            cells::age(object, now),
            names,
            images,
            cells::selector(object.at("spec.selector")),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn default(&self, object: &mut Value) {
        if object.str("spec.updateStrategy.type") == "RollingUpdate" {
            object.set_if_absent("spec.updateStrategy.rollingUpdate.maxUnavailable", 1i64);
            object.set_if_absent("spec.updateStrategy.rollingUpdate.maxSurge", 0i64);
        }
        if let Some(spec) = object.at_mut("spec.template.spec") {
            defaults::of_spec(spec);
        }
        if object.at("metadata.annotations").get(TEMPLATE_GENERATION).is_null() {
            set_template_generation(object, 0);
        }
    }

    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
        set_template_generation(object, 1);
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, old: &Value) {
        let generation = template_generation(old);
        let changed = new.at("spec.template") != old.at("spec.template");
        set_template_generation(new, generation + i64::from(changed));
    }

    /// Upstream looks for a change of a field that never changes.
    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        old.map_or_else(|| warnings::of_new_template(&Cursor::root(new).at("spec.template")), |_| Vec::new())
    }

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        if context.subresource == "status" {
            return;
        }
        workload::judge(&at.at("spec"), "daemonset", out);
        let strategy = at.at("spec.updateStrategy");
        match strategy.at("type").str() {
            "RollingUpdate" => rolling_update(&strategy.at("rollingUpdate"), out),
            "OnDelete" => {}
            _ => {
                let words = ["RollingUpdate", "OnDelete"];
                out.push(FieldError::not_supported(&strategy.path, strategy.value.clone(), words));
            }
        }
    }
}

/// Where the oldest version of the kind kept its template's generation; later ones keep it as an annotation.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn template_generation(set: &Value) -> i64 {
    let text = set.at("metadata.annotations").get(TEMPLATE_GENERATION).as_str().unwrap_or("");
    text.parse().unwrap_or(0)
}

fn set_template_generation(set: &mut Value, generation: i64) {
    let annotations = set.entry("metadata").entry("annotations");
    *annotations.entry(TEMPLATE_GENERATION) = generation.to_string().into();
}

fn rolling_update(at: &Cursor<'_>, out: &mut ErrorList) {
    let (unavailable, surge) = (at.at("maxUnavailable"), at.at("maxSurge"));
    for share in [&unavailable, &surge] {
        workload::int_or_percent(share, out);
        workload::not_more_than_all(share, out);
    }
    match (workload::is_zero(unavailable.value), workload::is_zero(surge.value)) {
        (false, false) => check::invalid(&surge, "may not be set when maxUnavailable is non-zero", out),
        (true, true) => out.push(FieldError::required(&unavailable.path, "cannot be 0 when maxSurge is 0")),
        _ => {}
    }
}
