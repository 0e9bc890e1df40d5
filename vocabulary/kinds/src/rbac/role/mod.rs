//! Role: what may be done in a namespace.

use crate::cells;
use crate::rbac::policy;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("rbac.authorization.k8s.io", "Role", || Arc::new(Role));

struct Role;

impl Rules for Role {
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
        at.at("rules").items().for_each(|rule| policy::judge(&rule, true, out));
    }
}
