//! IngressClass: which controller serves an ingress.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("networking.k8s.io", "IngressClass", || Arc::new(IngressClass));

struct IngressClass;

impl Rules for IngressClass {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![
            cells::name(object),
            object.str("spec.controller").into(),
            parameters(object).into(),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let parameters = Cursor::root(new).at("spec.parameters");
        let (scope, namespace) = (parameters.at("scope"), parameters.at("namespace"));
        match (scope.str(), namespace.is_null()) {
            ("Namespace", true) => {
                out.push(FieldError::required(&namespace.path, "`parameters.scope` is set to 'Namespace'"));
            }
            ("Namespace", false) => check::text(&namespace, meta::names::dns_label(namespace.str()), out),
            ("Cluster", false) => check::forbidden(&namespace.path, "`parameters.scope` is set to 'Cluster'", out),
            _ => {}
        }
    }
}

/// `Kind.group/name`
fn parameters(class: &Value) -> String {
    let parameters = class.at("spec.parameters");
    if parameters.is_null() {
        return "<none>".into();
    }
    let group = parameters.get("apiGroup").as_str().map(|group| format!(".{group}")).unwrap_or_default();
    format!("{}{group}/{}", parameters.str("kind"), parameters.str("name"))
}
