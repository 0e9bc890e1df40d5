//! SubjectAccessReview: answers whether someone may do something; never stored.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("authorization.k8s.io", "SubjectAccessReview", || Arc::new(SubjectAccessReview));

struct SubjectAccessReview;

impl Rules for SubjectAccessReview {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }
}
