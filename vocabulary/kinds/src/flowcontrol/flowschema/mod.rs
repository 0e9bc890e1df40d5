//! FlowSchema: which requests go to which priority level.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("flowcontrol.apiserver.k8s.io", "FlowSchema", || Arc::new(FlowSchema));

struct FlowSchema;

impl Rules for FlowSchema {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let dangling = object.items("status.conditions").iter().find(|condition| condition.str("type") == "Dangling");
        vec![
            cells::name(object),
            object.str("spec.priorityLevelConfiguration.name").into(),
            object.int("spec.matchingPrecedence").into(),
            cells::text_or(object, "spec.distinguisherMethod.type", "<none>"),
            cells::age(object, now),
            dangling.map_or("?", |condition| condition.str("status")).into(),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::path_segment(name)
    }

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let spec = Cursor::root(new).at("spec");
        let precedence = spec.at("matchingPrecedence");
        if precedence.int() <= 0 {
            check::invalid(&precedence, "must be a positive value", out);
        } else if precedence.int() > PRECEDENCE_MOST {
            check::invalid(&precedence, format!("must not be greater than {PRECEDENCE_MOST}"), out);
        }
        let method = spec.at("distinguisherMethod");
        if !method.is_null() && !["ByNamespace", "ByUser"].contains(&method.at("type").str()) {
            let path = method.at("type").path;
            out.push(FieldError::not_supported(&path, method.value.clone(), ["ByNamespace", "ByUser"]));
        }
        spec.at("rules").items().for_each(|rule| self::rule(&rule, out));
    }
}

const PRECEDENCE_MOST: i64 = 10000;

fn rule(at: &Cursor<'_>, out: &mut ErrorList) {
    let none = |field: &str| at.at(field).items().next().is_none();
    if none("resourceRules") && none("nonResourceRules") {
        let why = "at least one of resourceRules and nonResourceRules has to be non-empty";
        out.push(FieldError::required(&at.path, why));
    }
    for resource in at.at("resourceRules").items() {
        let namespaces = resource.at("namespaces");
        if !resource.at("clusterScope").bool() && namespaces.items().next().is_none() {
            let why = "resource rules that are not cluster scoped must supply at least one namespace";
            out.push(FieldError::required(&namespaces.path, why));
        }
    }
}
