//! StatefulSet: replicas with an identity each.

use crate::cells;
use crate::core::persistentvolumeclaim::claim_rules;
use crate::pods::defaults;
use crate::pods::warnings;
use crate::{Context, Row, Rules, check, metadata, workload};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value, value};
use std::sync::Arc;

pub const ROW: Row = Row::new("apps", "StatefulSet", || Arc::new(StatefulSet));

struct StatefulSet;

impl Rules for StatefulSet {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let [names, images] = cells::containers(object.at("spec.template.spec"));
        let ready = format!("{}/{}", object.int("status.readyReplicas"), object.int("spec.replicas"));
        vec![cells::name(object), ready.into(), cells::age(object, now), names, images]
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::dns_label(name)
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

    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        warnings::of_template(&Cursor::root(new).at("spec.template"), new, old)
    }

    fn check(&self, context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        if context.subresource == "status" {
            return;
        }
        if old.is_some() {
            // They do not change: bad ones of an earlier day are borne with.
            out.0.retain(|error| !error.field.starts_with("spec.volumeClaimTemplates"));
        }
        let (management, strategy) = (spec.at("podManagementPolicy"), spec.at("updateStrategy"));
        if !["OrderedReady", "Parallel"].contains(&management.str()) {
            check::invalid(&management, "must be 'OrderedReady' or 'Parallel'", out);
        }
        match strategy.at("type").str() {
            "OnDelete" if !strategy.at("rollingUpdate").is_null() => {
                check::invalid(&strategy.at("rollingUpdate"), "only allowed for updateStrategy 'RollingUpdate'", out);
            }
            "OnDelete" | "RollingUpdate" => {}
            _ => check::invalid(&strategy, "must be 'RollingUpdate' or 'OnDelete'", out),
        }
        claims(&spec, old.is_none(), out);
        let mut with_claims = new.get("spec").clone();
        claims_as_volumes(&mut with_claims);
        workload::judge(&Cursor::new(&with_claims, spec.path.clone()), "statefulset", out);
        // Upstream judges these once more than for other workloads.
        let metadata = Cursor::new(spec.at("template.metadata").value, spec.path.field("template"));
        metadata::labels(&metadata.at("labels"), out);
        metadata::annotations(&metadata.at("annotations"), out);
        match old {
            None if !spec.at("serviceName").str().is_empty() => {
                check::text(&spec.at("serviceName"), meta::names::dns_label(spec.at("serviceName").str()), out);
            }
            Some(old) if unchanging(new.get("spec")) != unchanging(old.get("spec")) => {
                check::forbidden(&spec.path, CHANGEABLE_WORDS, out);
            }
            _ => {}
        }
    }
}

const CHANGEABLE_WORDS: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const CHANGEABLE: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

fn unchanging(spec: &Value) -> Value {
    let mut rest = spec.clone();
    CHANGEABLE.iter().for_each(|field| _ = rest.remove(field));
    rest
}

/// A new set's claims are such as could be created, and their names always those of volumes.
fn claims(spec: &Cursor<'_>, are_new: bool, out: &mut ErrorList) {
    for (index, claim) in spec.at("volumeClaimTemplates").items().enumerate() {
        if are_new {
            claim_rules::check(&claim.at("spec"), None, out);
        }
        let volume = spec.at("template.spec.volumes").path.index(index).field("name");
        let name = claim.at("metadata.name");
        let name = Cursor::new(name.value, volume);
        check::required_name(&name, meta::names::dns_label, out);
        if name.str().is_empty() {
            let source = spec.at("template.spec.volumes").path.index(index).field("persistentVolumeClaim");
            out.push(FieldError::required(&source.field("claimName"), ""));
        }
    }
}

/// Pods may mount the claims that are made for them.
fn claims_as_volumes(spec: &mut Value) {
    let claims = spec.items("volumeClaimTemplates").iter().map(|claim| claim.str("metadata.name"));
    let mut names: Vec<String> = Vec::new();
    for claim in claims.filter(|claim| !claim.is_empty()) {
        if !names.iter().any(|name| name == claim) {
            names.push(claim.to_string());
        }
    }
    let mut own = spec.items("template.spec.volumes").to_vec();
    own.retain(|volume| !names.iter().any(|name| name == volume.str("name")));
    let made = names.iter().map(|name| value!({"name": name, "persistentVolumeClaim": {"claimName": name}}));
    let volumes: Vec<Value> = made.chain(own).collect();
    if !names.is_empty() {
        spec.set("template.spec.volumes", Value::List(volumes));
    }
}
