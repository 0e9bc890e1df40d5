//! ResourceQuota: what a namespace may use up.

use crate::cells;
use crate::pods::validate::resources;
use crate::{Context, Row, Rules, check, metadata};
use jiff::Timestamp;
use meta::{CompactString, Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("", "ResourceQuota", || Arc::new(ResourceQuota));

struct ResourceQuota;

impl Rules for ResourceQuota {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let (limits, requests): (Vec<_>, Vec<_>) =
            object.fields("status.hard").partition(|(resource, _)| resource.starts_with("limits."));
        let column = |resources: Vec<(&CompactString, &Value)>| {
            let words = resources.into_iter().map(|(resource, hard)| usage(object, resource, hard));
            Value::from(words.collect::<Vec<_>>().join(", "))
        };
        vec![cells::name(object), column(requests), column(limits), cells::age(object, now)]
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        for (resource, quantity) in Cursor::root(new).at("spec.hard").entries() {
            quota_name(resource, &quantity, out);
            resources::value(resource, &quantity, out);
        }
        let scopes = Cursor::root(new).at("spec.scopes");
        for _ in scopes.items().filter(|scope| !SCOPES.contains(&scope.str())) {
            check::invalid(&scopes, "unsupported scope", out);
        }
    }
}

/// `pods: 1/5`
fn usage(quota: &Value, resource: &str, hard: &Value) -> String {
    let used = quota.at("status.used").get(resource).as_str().unwrap_or("0");
    format!("{resource}: {used}/{}", hard.as_str().unwrap_or("0"))
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// A resource of the cluster's own has a known name; any other one a domain.
fn quota_name(resource: &str, at: &Cursor<'_>, out: &mut ErrorList) {
    let huge = ["hugepages-", "requests.hugepages-"].iter().any(|prefix| resource.starts_with(prefix));
    let counted = resource.starts_with("count/");
    if resource.contains('/') || huge || counted || resources::is_standard(resource) {
        return;
    }
    for why in ["must be a standard resource type or fully qualified", "must be a standard resource for quota"] {
        out.push(FieldError::invalid(&at.path, resource, why));
    }
}
