//! What an offered device may say of itself.

use crate::resource::qualified_name;
use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError};

/// Attributes and capacities together, and the longest value of an attribute.
const TRAITS_MOST: usize = 32;
const VALUE_MOST: usize = 64;

pub fn check(device: &Cursor<'_>, out: &mut ErrorList) {
    let (attributes, capacity) = (device.at("attributes"), device.at("capacity"));
    let count = attributes.entries().count() + capacity.entries().count();
    if count > TRAITS_MOST {
        let why = format!("the total number of attributes and capacities must not exceed {TRAITS_MOST}");
        out.push(FieldError::invalid(&device.path, count as i64, why));
    }
    for (name, attribute) in attributes.entries() {
        qualified_name(&attribute, name, out);
        check_attribute(&attribute, out);
    }
    for (name, amount) in capacity.entries() {
        qualified_name(&amount, name, out);
        if !amount.at("requestPolicy").is_null() {
            check::forbidden(&amount.at("requestPolicy").path, "allowMultipleAllocations must be true", out);
        }
    }
}

fn check_attribute(attribute: &Cursor<'_>, out: &mut ErrorList) {
    const ONE: &str = "exactly one value must be specified";
    let (text, version) = (attribute.at("string"), attribute.at("version"));
    at_most(&text, out);
    if !version.is_null() && !formats::is_semantic_version(version.str()) {
        check::invalid(&version, "must be a string compatible with semver.org spec 2.0.0", out);
    }
    at_most(&version, out);
    match ["bool", "int", "string", "version"].iter().filter(|kind| !attribute.at(kind).is_null()).count() {
        0 => out.push(FieldError::invalid(&attribute.path, "", ONE)),
        1 => {}
        _ => check::invalid(attribute, ONE, out),
    }
}

fn at_most(at: &Cursor<'_>, out: &mut ErrorList) {
    if at.str().len() > VALUE_MOST {
        out.push(FieldError::too_long(&at.path, VALUE_MOST));
    }
}
