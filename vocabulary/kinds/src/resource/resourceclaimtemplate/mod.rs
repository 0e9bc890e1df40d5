//! ResourceClaimTemplate: a claim to copy for each pod.

use crate::cells;
use crate::resource::{kept_spec, requests};
use crate::{Context, Row, Rules, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("resource.k8s.io", "ResourceClaimTemplate", || Arc::new(ResourceClaimTemplate));

struct ResourceClaimTemplate;

impl Rules for ResourceClaimTemplate {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), cells::age(object, now)]
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        requests::default(object, "spec.spec.devices.requests");
    }

    fn prepare_create(&self, _context: &Context<'_>, object: &mut Value) {
        requests::drop_disabled(object, "spec.spec.devices.requests");
    }

    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, _old: &Value) {
        requests::drop_disabled(new, "spec.spec.devices.requests");
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let metadata = Cursor::root(new).at("spec.metadata");
        metadata::annotations(&metadata.at("annotations"), out);
        metadata::labels(&metadata.at("labels"), out);
        requests::check(&Cursor::root(new).at("spec.spec.devices"), out);
        old.iter().for_each(|old| kept_spec("resource.v1.ResourceClaimTemplateSpec", new, old, out));
    }
}
