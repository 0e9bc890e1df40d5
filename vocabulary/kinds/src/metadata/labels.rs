//! Labels and annotations.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, names};

/// All keys and values of an object's annotations together, in bytes.
const ANNOTATIONS_MOST: usize = 256 * 1024;

pub fn labels(at: &Cursor<'_>, out: &mut ErrorList) {
    for (key, value) in at.entries() {
        out.extend(
            names::qualified_name(key).into_iter().map(|complaint| FieldError::invalid(&at.path, key, complaint)),
        );
        let complaints = names::label_value(value.str()).into_iter();
        out.extend(complaints.map(|complaint| FieldError::invalid(&at.path, value.str(), complaint)));
    }
}

/// Keys as of labels, in any case.
pub fn annotations(at: &Cursor<'_>, out: &mut ErrorList) {
    for (key, _) in at.entries() {
        let complaints = names::qualified_name(&key.to_lowercase()).into_iter();
        out.extend(complaints.map(|complaint| FieldError::invalid(&at.path, key, complaint)));
    }
    let size: usize = at.entries().map(|(key, value)| key.len() + value.str().len()).sum();
    if size > ANNOTATIONS_MOST {
        out.push(FieldError::too_long(&at.path, ANNOTATIONS_MOST));
    }
}

/// A label selector of the API, `{matchLabels, matchExpressions}`.
pub fn label_selector(at: &Cursor<'_>, out: &mut ErrorList) {
    labels(&at.at("matchLabels"), out);
    at.at("matchExpressions").items().for_each(|expression| requirement(&expression, out));
}

fn requirement(at: &Cursor<'_>, out: &mut ErrorList) {
    let values = at.at("values");
    let empty = values.items().next().is_none();
    match at.at("operator").str() {
        "In" | "NotIn" if empty => {
            out.push(FieldError::required(&values.path, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "In" | "NotIn" => {}
        "Exists" | "DoesNotExist" if !empty => {
            check::forbidden(&values.path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'", out);
        }
        "Exists" | "DoesNotExist" => {}
        _ => out.push(FieldError::invalid(
            &at.at("operator").path,
            at.at("operator").str(),
            "not a valid selector operator",
        )),
    }
    let key = at.at("key");
    out.extend(names::qualified_name(key.str()).into_iter().map(|c| FieldError::invalid(&key.path, key.str(), c)));
    for value in values.items() {
        check::text(&value, names::label_value(value.str()), out);
    }
}
