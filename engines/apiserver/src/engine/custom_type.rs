//! The type of a custom object. Upstream's custom kinds have no type in Go that could do without it or refuse another:
//! it must be said, and what is said is judged with the object.

use super::Going;
use super::body::type_of;
use meta::{ErrorList, FieldError, Gvk, Path, Status, Value};
use schema::decode::{DecodeError, TypeMeta};

impl Going<'_> {
    pub(super) fn check_custom_type(&self, given: &TypeMeta, wanted: &Gvk, body: &[u8]) -> Result<(), Status> {
        // A value in process has no text, and is of the kind of its request.
        if given.kind.is_empty() && !body.is_empty() {
            let missing = DecodeError::Unreadable(kind_missing(&String::from_utf8_lossy(body)));
            return Err(Status::bad_request(missing.answer(given, &wanted.kind, body)));
        }
        let expected = wanted.group_version().api_version();
        let says_nothing = given.api_version.is_empty() && body.is_empty();
        if says_nothing || given.api_version == expected {
            return Ok(());
        }
        Err(Status::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({expected})",
            given.api_version
        )))
    }
}

pub(super) fn kind_missing(body: &str) -> String {
    format!("Object 'Kind' is missing in '{body}'")
}

/// Whether an object is of the wanted type, where it says; the complaint is one of the type that it has.
pub(super) fn judge_type(object: &Value, wanted: &Gvk) -> Result<(), Status> {
    let given = type_of(object);
    let expected = wanted.group_version().api_version();
    let judged = |field: &str, value: &str, wanted: &str| {
        let differs = !value.is_empty() && value != wanted;
        differs.then(|| FieldError::invalid(&Path::new(field), value, format!("must be {wanted}")))
    };
    let of_kind = judged("kind", &given.kind, &wanted.kind);
    let errors: Vec<_> = of_kind.into_iter().chain(judged("apiVersion", &given.api_version, &expected)).collect();
    if errors.is_empty() {
        return Ok(());
    }
    let kind = if given.kind.is_empty() { &wanted.kind } else { &given.kind };
    let group = given.api_version.split_once('/').map_or(wanted.group.as_str(), |(group, _)| group);
    Err(Status::invalid(&Gvk::new(group, "", kind.clone()), object.str("metadata.name"), &ErrorList(errors)))
}
