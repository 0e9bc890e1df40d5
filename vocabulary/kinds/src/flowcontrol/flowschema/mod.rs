//! FlowSchema: which requests go to which priority level.

mod request_rules;

use crate::cells;
use crate::{Context, KindDef, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("flowcontrol.apiserver.k8s.io", "FlowSchema", || Arc::new(FlowSchema));

struct FlowSchema;

impl Rules for FlowSchema {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["metadata", "spec"],
            _ => &[],
        }
    }

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

    fn check(&self, context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        if !context.subresource.is_empty() {
            return;
        }
        let spec = Cursor::root(new).at("spec");
        let precedence = spec.at("matchingPrecedence");
        if precedence.int() <= 0 {
            out.push(FieldError::invalid(&precedence.path, precedence.int(), "must be a positive value"));
        } else if precedence.int() > PRECEDENCE_MOST {
            check::invalid(&precedence, format!("must not be greater than {PRECEDENCE_MOST}"), out);
        }
        if precedence.int() == 1 && new.str("metadata.name") != "exempt" {
            check::invalid(&precedence, "only the schema named 'exempt' may have matchingPrecedence 1", out);
        }
        let method = spec.at("distinguisherMethod");
        if !method.is_null() && !["ByNamespace", "ByUser"].contains(&method.at("type").str()) {
            let path = method.at("type").path;
            // Upstream shows the struct around the word.
            let shown = meta::value!({"Type": (method.at("type").str())});
            out.push(FieldError::not_supported(&path, shown, ["ByNamespace", "ByUser"]));
        }
        spec.at("rules").items().for_each(|rule| request_rules::check(&rule, out));
    }
}

const PRECEDENCE_MOST: i64 = 10000;
