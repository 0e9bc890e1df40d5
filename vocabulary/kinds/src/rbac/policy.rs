//! One rule of a role.

use crate::check;
use meta::{Cursor, ErrorList, FieldError};

pub fn judge(rule: &Cursor<'_>, namespaced: bool, out: &mut ErrorList) {
    let given = |field: &str| rule.at(field).items().next().is_some();
    let urls = rule.at("nonResourceURLs");
    if given("nonResourceURLs") {
        if namespaced {
            check::invalid(&urls, "namespaced rules cannot apply to non-resource URLs", out);
        }
        if ["apiGroups", "resources", "resourceNames"].into_iter().any(given) {
            check::invalid(&urls, "rules cannot apply to both regular resources and non-resource URLs", out);
        }
        return;
    }
    for (field, why) in [
        ("apiGroups", "resource rules must supply at least one api group"),
        ("resources", "resource rules must supply at least one resource"),
    ] {
        if !given(field) {
            out.push(FieldError::required(&rule.at(field).path, why));
        }
    }
}
