//! SelfSubjectRulesReview: answers what the asker may do in a namespace; never stored.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("authorization.k8s.io", "SelfSubjectRulesReview", || Arc::new(SelfSubjectRulesReview));

struct SelfSubjectRulesReview;

impl Rules for SelfSubjectRulesReview {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }
}
