//! TokenReview: answers whose token that is; never stored.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("authentication.k8s.io", "TokenReview", || Arc::new(TokenReview));

struct TokenReview;

impl Rules for TokenReview {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }
}
