//! SelfSubjectAccessReview: answers whether the asker may do something; never stored.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("authorization.k8s.io", "SelfSubjectAccessReview", || Arc::new(SelfSubjectAccessReview));

struct SelfSubjectAccessReview;

impl Rules for SelfSubjectAccessReview {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }
}
