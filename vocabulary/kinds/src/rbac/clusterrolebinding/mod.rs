//! ClusterRoleBinding: who has a role, in every namespace.

use crate::cells;
use crate::rbac::subjects;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("rbac.authorization.k8s.io", "ClusterRoleBinding", || Arc::new(ClusterRoleBinding));

struct ClusterRoleBinding;

impl Rules for ClusterRoleBinding {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let role = format!("{}/{}", object.str("roleRef.kind"), object.str("roleRef.name"));
        let mut row = vec![cells::name(object), role.into(), cells::age(object, now)];
        row.extend(subjects::cells(object));
        row
    }

    fn create_on_update(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }

    fn default(&self, object: &mut Value) {
        subjects::default(object);
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        subjects::check(new, old, false, out);
    }
}
