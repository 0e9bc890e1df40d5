//! How fast an autoscaler may be told to move.

use crate::check;
use meta::{Cursor, ErrorList, FieldError};

const WINDOW_MOST: i64 = 3600;
const PERIOD_MOST: i64 = 1800;

pub fn check(behavior: &Cursor<'_>, out: &mut ErrorList) {
    let directions = ["scaleUp", "scaleDown"].map(|direction| behavior.at(direction));
    directions.iter().filter(|rules| !rules.is_null()).for_each(|rules| check_rules(rules, out));
}

fn check_rules(rules: &Cursor<'_>, out: &mut ErrorList) {
    let (window, policies) = (rules.at("stabilizationWindowSeconds"), rules.at("policies"));
    if window.int() < 0 {
        check::invalid(&window, "must be greater than or equal to zero", out);
    }
    at_most(&window, WINDOW_MOST, out);
    if policies.items().next().is_none() {
        out.push(FieldError::required(&policies.path, "must specify at least one Policy"));
    }
    policies.items().for_each(|policy| at_most(&policy.at("periodSeconds"), PERIOD_MOST, out));
}

fn at_most(at: &Cursor<'_>, most: i64, out: &mut ErrorList) {
    if at.int() > most {
        check::invalid(at, format!("must be less than or equal to {most}"), out);
    }
}
