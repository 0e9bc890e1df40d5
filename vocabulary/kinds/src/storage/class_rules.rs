//! What classes of storage and of volume attributes have in common: a driver, and what it is told.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, Value, names};

/// How many parameters, and how many bytes of them together.
const PARAMETERS_MOST: usize = 512;
const SIZE_MOST: usize = 256 * 1024;

/// A driver's name, in any case; upstream shows it in lower case.
pub fn driver(at: &Cursor<'_>, out: &mut ErrorList) {
    let lower = at.str().to_lowercase();
    if !lower.is_empty() {
        let complaints = names::qualified_name(&lower).into_iter();
        out.extend(complaints.map(|complaint| FieldError::invalid(&at.path, lower.as_str(), complaint)));
    }
}

pub fn parameters(at: &Cursor<'_>, out: &mut ErrorList) {
    if at.entries().count() > PARAMETERS_MOST {
        return out.push(FieldError::too_long(&at.path, PARAMETERS_MOST));
    }
    if at.entries().any(|(key, _)| key.is_empty()) {
        out.push(FieldError::invalid(&at.path, "", "field can not be empty."));
    }
    let size: usize = at.entries().map(|(key, value)| key.len() + value.str().len()).sum();
    if size > SIZE_MOST {
        out.push(FieldError::too_long(&at.path, SIZE_MOST));
    }
}

/// What a class is for does not change.
pub fn kept(new: &Cursor<'_>, old: &Value, fields: &[&str], out: &mut ErrorList) {
    for field in fields {
        if new.at(field).value != old.get(field) {
            check::forbidden(&new.at(field).path, &format!("updates to {field} are forbidden."), out);
        }
    }
}
