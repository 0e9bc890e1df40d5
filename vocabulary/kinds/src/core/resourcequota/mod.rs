//! ResourceQuota: what a namespace may use up.

use crate::cells;
use crate::{Row, Rules, metadata};
use jiff::Timestamp;
use meta::{CompactString, Value};
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
}

/// `pods: 1/5`
fn usage(quota: &Value, resource: &str, hard: &Value) -> String {
    let used = quota.at("status.used").get(resource).as_str().unwrap_or("0");
    format!("{resource}: {used}/{}", hard.as_str().unwrap_or("0"))
}
