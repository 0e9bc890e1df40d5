//! PriorityLevelConfiguration: how many requests of a level run at once.

use crate::cells;
use crate::{Context, KindDef, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Value};
use std::sync::Arc;

pub const ROW: Row =
    Row::new("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", || Arc::new(PriorityLevelConfiguration));

struct PriorityLevelConfiguration;

impl Rules for PriorityLevelConfiguration {
    fn resets(&self, _def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "" => &["status"],
            "status" => &["metadata", "spec"],
            _ => &[],
        }
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let limited = object.at("spec.limited");
        let number = |path: &str| limited.at(path).as_int().map_or_else(|| Value::from("<none>"), Value::Int);
        vec![
            cells::name(object),
            object.str("spec.type").into(),
            number("nominalConcurrencyShares"),
            number("limitResponse.queuing.queues"),
            number("limitResponse.queuing.handSize"),
            number("limitResponse.queuing.queueLengthLimit"),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        let limited = spec.at("limited");
        let (kind, exempt) = (spec.at("type"), spec.at("exempt"));
        if (new.str("metadata.name") == "exempt") != (kind.str() == "Exempt") {
            out.push(FieldError::invalid(&kind.path, kind.str(), "must be 'Exempt' if and only if `name` is 'exempt'"));
        }
        if kind.str() == "Limited" && !exempt.is_null() {
            check::forbidden(&exempt.path, "must be nil if the type is Limited", out);
        }
        match (spec.at("type").str(), limited.is_null()) {
            ("Limited", true) => {
                out.push(FieldError::required(&limited.path, "must not be empty when type is Limited"))
            }
            ("Exempt", false) => check::forbidden(&limited.path, "must be nil if the type is not Limited", out),
            _ => {}
        }
        let shares = limited.at("nominalConcurrencyShares");
        if shares.int() < 0 {
            check::invalid(&shares, "must be a non-negative integer", out);
        }
        let borrowing = limited.at("borrowingLimitPercent");
        if borrowing.int() < 0 {
            check::invalid(&borrowing, "if specified, must be a non-negative integer", out);
        }
        queuing(&limited.at("limitResponse"), out);
    }
}

fn queuing(response: &Cursor<'_>, out: &mut ErrorList) {
    let queuing = response.at("queuing");
    match (response.at("type").str(), queuing.is_null()) {
        ("Reject", false) => {
            check::forbidden(&queuing.path, "must be nil if limited.limitResponse.type is not Limited", out);
        }
        ("Queue", true) => {
            let why = "must not be empty if limited.limitResponse.type is Limited";
            out.push(FieldError::required(&queuing.path, why));
        }
        ("Queue", false) => {
            let (queues, hand) = (queuing.at("queues"), queuing.at("handSize"));
            for field in [&queues, &hand, &queuing.at("queueLengthLimit")] {
                if field.int() <= 0 {
                    check::invalid(field, "must be positive", out);
                }
            }
            if hand.int() > queues.int() {
                check::invalid(&hand, format!("should not be greater than queues ({})", queues.int()), out);
            }
        }
        _ => {}
    }
}
