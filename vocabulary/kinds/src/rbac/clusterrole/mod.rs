//! ClusterRole: what may be done, in every namespace.

use crate::cells;
use crate::rbac::policy;
use crate::{Context, Row, Rules, metadata};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("rbac.authorization.k8s.io", "ClusterRole", || Arc::new(ClusterRole));

struct ClusterRole;

impl Rules for ClusterRole {
    fn cells(&self, object: &Value, _now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), object.str("metadata.creationTimestamp").into()]
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        at.at("rules").items().for_each(|rule| policy::judge(&rule, false, out));
        let aggregation = at.at("aggregationRule");
        let selectors = aggregation.at("clusterRoleSelectors");
        if !aggregation.is_null() && selectors.items().next().is_none() {
            let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            out.push(FieldError::required(&selectors.path, why));
        }
        for selector in selectors.items() {
            let mut wrong = ErrorList::default();
            metadata::label_selector(&selector, &mut wrong);
            if !wrong.is_empty() {
                wrong.push(FieldError::invalid(&selector.path, Value::Null, "invalid label selector."));
            }
            out.extend(wrong);
        }
    }
}
