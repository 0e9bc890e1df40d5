//! Kinds of the group `resource`.

mod device_selectors;
pub mod deviceclass;
mod requests;
pub mod resourceclaim;
pub mod resourceclaimtemplate;
pub mod resourceslice;

use crate::{check, formats, go_form, schema_of};
use device_selectors::selectors;
use meta::{Cursor, ErrorList, FieldError, Path, Value};

/// The longest name of an attribute or a capacity, without its domain.
const NAME_MOST: usize = 32;

/// What is asked for does not change.
fn kept_spec(type_name: &str, new: &Value, old: &Value, out: &mut ErrorList) {
    if new.get("spec") == old.get("spec") {
        return;
    }
    if let Some(schema) = schema_of(type_name) {
        let at = Cursor::new(new.get("spec"), Path::new("spec"));
        out.push(go_form::invalid(&schema.types, schema.root, &at, check::IMMUTABLE));
    }
}

/// `name`, or `domain/name`.
fn qualified_name(at: &Cursor<'_>, text: &str, out: &mut ErrorList) {
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => identifier(at, name, out),
        [domain, name] => {
            match domain.is_empty() {
                true => out.push(FieldError::invalid(&at.path, "", "the domain must not be empty")),
                false => check::csi_driver(&Cursor::new(&Value::from(*domain), at.path.clone()), out),
            }
            match name.is_empty() {
                true => out.push(FieldError::invalid(&at.path, "", "the name must not be empty")),
                false => identifier(at, name, out),
            }
        }
        _ => {}
    }
}

fn identifier(at: &Cursor<'_>, name: &str, out: &mut ErrorList) {
    if name.len() > NAME_MOST {
        out.push(FieldError::too_long(&at.path, NAME_MOST));
    }
    out.extend(formats::c_identifier(name).into_iter().map(|why| FieldError::invalid(&at.path, name, why)));
}
