//! From what a client sent to a checked value in the request's version.

use super::custom_type::judge_type;
use super::{Call, Going};
use bytes::Bytes;
use client::PatchKind;
use kinds::Version;
use meta::{Gvk, Status, Value};
use schema::Schema;
use schema::decode::{self, TypeMeta};
use schema::patch::{self, Patch};

/// A body as its transport brought it.
#[derive(Clone, Debug, Default)]
pub enum Payload {
    #[default]
    None,
    /// In process: already a value.
    Value(Value),
    Text(Bytes, decode::Format),
    Protobuf(Bytes),
    Patch(PatchKind, Bytes),
    PatchValue(PatchKind, Value),
}

/// What is done about fields that no schema knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl Going<'_> {
    pub(super) fn field_validation(&self) -> Result<FieldValidation, Status> {
        match self.call.request.write.field_validation.as_str() {
            "" | "Warn" => Ok(FieldValidation::Warn),
            "Ignore" => Ok(FieldValidation::Ignore),
            "Strict" => Ok(FieldValidation::Strict),
            other => {
                let mut errors = meta::ErrorList::default();
                let path = meta::Path::new("fieldValidation");
                let supported = ["", "Ignore", "Strict", "Warn"];
                errors.push(meta::FieldError::not_supported(&path, other, supported));
                let kind = Gvk::new("meta.k8s.io", "", self.options_kind());
                Err(Status::invalid(&kind, "", &errors))
            }
        }
    }

    fn options_kind(&self) -> &'static str {
        match self.call.request.verb {
            kinds::Verb::Create => "CreateOptions",
            kinds::Verb::Patch => "PatchOptions",
            _ => "UpdateOptions",
        }
    }

    fn version(&self) -> Result<&Version, Status> {
        self.row.version(&self.call.request.resource.version).ok_or_else(Status::no_such_page)
    }

    /// The request's object: decoded, of the right kind, defaulted; sloppy fields refused or told as asked.
    pub(super) fn checked_body(&mut self) -> Result<Value, Status> {
        self.field_validation()?;
        let wanted = self.row.def.gvk(&self.call.request.resource.version);
        let (given, decoded, text) = match &self.call.payload {
            Payload::Text(text, format) => {
                let given = decode::type_meta(text, *format)
                    .map_err(|error| Status::bad_request(error.answer(&TypeMeta::default(), &wanted.kind, text)))?;
                self.check_type(&given, &wanted, text)?;
                (given, self.version()?.schema.decode(text, *format), text.clone())
            }
            Payload::Value(value) => {
                let given = type_of(value);
                self.check_type(&given, &wanted, b"")?;
                (given, self.version()?.schema.decode_value(value.clone()), Bytes::new())
            }
            Payload::Protobuf(bytes) => {
                let value = self.decode_protobuf(bytes)?;
                let given = type_of(&value);
                self.check_type(&given, &wanted, b"")?;
                let decoded = decode::Decoded { value, strict: Vec::new() };
                (given, Ok(decoded), Bytes::new())
            }
            Payload::None | Payload::Patch(..) | Payload::PatchValue(..) => {
                return Err(Status::bad_request("an object was expected in the body"));
            }
        };
        let given = effective(given, &wanted);
        let decoded = decoded.map_err(|error| Status::bad_request(error.answer(&given, &wanted.kind, &text)))?;
        self.sloppy(&decoded, &given, &wanted)?;
        self.typed_and_defaulted(decoded.value, &wanted)
    }

    fn sloppy(&mut self, decoded: &decode::Decoded, given: &TypeMeta, wanted: &Gvk) -> Result<(), Status> {
        match self.field_validation()? {
            FieldValidation::Ignore => Ok(()),
            FieldValidation::Warn => {
                self.warnings.extend(decoded.strict.iter().cloned());
                Ok(())
            }
            FieldValidation::Strict => match decoded.strict_answer(given, &wanted.kind) {
                Some(message) => Err(Status::bad_request(message)),
                None => Ok(()),
            },
        }
    }

    pub(super) fn typed_and_defaulted(&self, mut value: Value, wanted: &Gvk) -> Result<Value, Status> {
        if self.row.def.custom {
            judge_type(&value, wanted)?;
        }
        value.set("apiVersion", wanted.group_version().api_version());
        value.set("kind", &wanted.kind);
        if !matches!(value.get("metadata"), Value::Map(_)) {
            value.set("metadata", Value::map());
        }
        self.version()?.schema.default(&mut value);
        Ok(value)
    }

    fn check_type(&self, given: &TypeMeta, wanted: &Gvk, body: &[u8]) -> Result<(), Status> {
        if self.row.def.custom {
            return self.check_custom_type(given, wanted, body);
        }
        if fits(given, wanted) {
            return Ok(());
        }
        if is_other_version(given, wanted) {
            return Err(Status::bad_request(format!(
                "the API version in the data ({}) does not match the expected API version ({})",
                given.api_version,
                wanted.group_version().api_version()
            )));
        }
        let given = effective(given.clone(), wanted);
        Err(Status::bad_request(given.refusal(&wanted.kind, &self.type_mismatch(&given, wanted, body))))
    }

    /// Why an object of the type that was given is none of the wanted one.
    pub(super) fn type_mismatch(&self, given: &TypeMeta, wanted: &Gvk, body: &[u8]) -> String {
        if given.api_version.ends_with('/') {
            return format!("Object 'apiVersion' is missing in '{}'", String::from_utf8_lossy(body));
        }
        match self.known_kind(given) {
            Some(go) => {
                format!("converting ({go}) to ({}.{}): unknown conversion", internal_group(&wanted.group), wanted.kind)
            }
            None => format!(
                "no kind {:?} is registered for version {:?} in scheme \"pkg/runtime/scheme.go:111\"",
                given.kind, given.api_version
            ),
        }
    }

    /// Go's name of another built-in kind.
    fn known_kind(&self, given: &TypeMeta) -> Option<String> {
        let group_version = meta::GroupVersion::parse(&given.api_version)?;
        let row = self.table.by_kind(&group_version.group, &given.kind)?;
        let is_known = !row.def.custom && row.version(&group_version.version).is_some();
        is_known.then(|| format!("{}.{}", group_version.version, given.kind))
    }

    fn decode_protobuf(&self, bytes: &[u8]) -> Result<Value, Status> {
        if self.row.def.custom {
            return Err(unsupported_media());
        }
        let wanted = &self.row.def.names.kind;
        self.version()?.schema.from_protobuf(bytes).map_err(|error| {
            let refused = decode::DecodeError::Unreadable(error.to_string());
            Status::bad_request(refused.answer(&TypeMeta::default(), wanted, bytes))
        })
    }

    /// The request's patch, decoded once for all tries.
    pub(super) fn decoded_patch(&mut self) -> Result<Patch, Status> {
        let checked = self.field_validation()? != FieldValidation::Ignore;
        let (kind, body) = match &self.call.payload {
            Payload::Patch(kind, text) => {
                let format = patch_format(*kind)?;
                let body = meta::parse_strict(text).map_err(|error| {
                    let why = decode::complaint(text).unwrap_or(error.0);
                    format.syntax_error(&why, checked).to_status()
                })?;
                (*kind, body)
            }
            Payload::PatchValue(kind, value) => (*kind, meta::Decoded { value: value.clone(), duplicates: Vec::new() }),
            _ => return Err(Status::bad_request("a patch was expected in the body")),
        };
        if kind == PatchKind::Strategic && self.row.def.custom {
            return Err(unsupported_patch());
        }
        Patch::decode(patch_format(kind)?, body, checked).map_err(|error| error.to_status())
    }

    /// The object of an apply: YAML (of which JSON is a part), of the right kind, not defaulted.
    pub(super) fn applied_body(&mut self) -> Result<Value, Status> {
        let value = match &self.call.payload {
            Payload::Patch(PatchKind::Apply, text) => {
                let parsed = schema::yaml::parse(text)
                    .map_err(|error| Status::bad_request(format!("error decoding YAML: {}", error.0)))?;
                self.tell_duplicates(schema::yaml::repeated(&parsed.duplicates))?;
                parsed.value
            }
            Payload::PatchValue(PatchKind::Apply, value) => value.clone(),
            _ => return Err(Status::bad_request("an apply configuration was expected in the body")),
        };
        Ok(value) // as it was written: what is not in it is not applied, and the merge names what no schema knows
    }

    fn tell_duplicates(&mut self, told: Option<String>) -> Result<(), Status> {
        match self.field_validation()? {
            FieldValidation::Ignore => Ok(()),
            FieldValidation::Warn => {
                self.warnings.extend(told);
                Ok(())
            }
            FieldValidation::Strict => match told {
                None => Ok(()),
                Some(all) => Err(Status::bad_request(format!("strict decoding error: {all}"))),
            },
        }
    }
}

impl Call {
    /// The body of what is no row of its own, such as a pod's eviction: of one of these types, or of none.
    pub(crate) fn body_of(&self, schema: &Schema, wanted: &[Gvk], told: &mut Vec<String>) -> Result<Value, Status> {
        let (text, format) = match &self.payload {
            Payload::Text(text, format) => (text, *format),
            Payload::Value(value) => {
                let decoded = schema.decode_value(value.clone());
                return decoded.map(|decoded| decoded.value).map_err(|error| Status::bad_request(error.to_string()));
            }
            Payload::Protobuf(bytes) => {
                return schema.from_protobuf(bytes).map_err(|error| Status::bad_request(error.to_string()));
            }
            _ => return Err(Status::bad_request("an object was expected in the body")),
        };
        let first = wanted.first().cloned().unwrap_or_default();
        let refused =
            |error: decode::DecodeError, given: &TypeMeta| Status::bad_request(error.answer(given, &first.kind, text));
        let given = decode::type_meta(text, format).map_err(|error| refused(error, &TypeMeta::default()))?;
        if !wanted.iter().any(|wanted| fits(&given, wanted)) {
            let given = effective(given, &first);
            let unknown = format!(
                "no kind {:?} is registered for version {:?} in scheme \"pkg/runtime/scheme.go:111\"",
                given.kind, given.api_version
            );
            return Err(Status::bad_request(given.refusal(&first.kind, &unknown)));
        }
        let given = effective(given, &first);
        let decoded = schema.decode(text, format).map_err(|error| refused(error, &given))?;
        match (self.request.write.field_validation.as_str(), decoded.strict_answer(&given, &first.kind)) {
            ("Strict", Some(message)) => return Err(Status::bad_request(message)),
            ("Ignore", _) => {}
            _ => told.extend(decoded.strict),
        }
        Ok(decoded.value)
    }
}

/// Neither says otherwise.
pub(super) fn fits(given: &TypeMeta, wanted: &Gvk) -> bool {
    let version = wanted.group_version().api_version();
    (given.kind.is_empty() || given.kind == wanted.kind)
        && (given.api_version.is_empty() || given.api_version == version)
}

/// The wanted kind in what may be another version of its group.
fn is_other_version(given: &TypeMeta, wanted: &Gvk) -> bool {
    let same_kind = given.kind.is_empty() || given.kind == wanted.kind;
    // The core group has never had another version.
    let parsed = meta::GroupVersion::parse(&given.api_version)
        .filter(|parsed| parsed.group == wanted.group && !wanted.group.is_empty());
    let number = parsed.as_ref().and_then(|parsed| parsed.version.strip_prefix('v'));
    same_kind && number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

pub(super) fn type_of(value: &Value) -> TypeMeta {
    TypeMeta { api_version: value.str("apiVersion").into(), kind: value.str("kind").into() }
}

/// What is absent is taken from the request.
pub(super) fn effective(given: TypeMeta, wanted: &Gvk) -> TypeMeta {
    let pick = |own: meta::CompactString, other: meta::CompactString| if own.is_empty() { other } else { own };
    TypeMeta {
        api_version: pick(given.api_version, wanted.group_version().api_version()),
        kind: pick(given.kind, wanted.kind.clone()),
    }
}

/// Go's package of the group's internal types.
pub(crate) fn internal_group(group: &str) -> &str {
    match group {
        "" => "core",
        group => group.split('.').next().unwrap_or(group),
    }
}

fn patch_format(kind: PatchKind) -> Result<patch::Format, Status> {
    match kind {
        PatchKind::Json => Ok(patch::Format::Json),
        PatchKind::Merge => Ok(patch::Format::Merge),
        PatchKind::Strategic => Ok(patch::Format::Strategic),
        PatchKind::Apply => Err(Status::internal("an apply is no patch of a value")),
    }
}

pub(crate) fn unsupported_media() -> Status {
    Status::failure(
        meta::Reason::UnsupportedMediaType,
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    )
}

fn unsupported_patch() -> Status {
    let supported = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
    Status::failure(
        meta::Reason::UnsupportedMediaType,
        format!("the body of the request was in an unknown format - accepted media types include: {supported}"),
    )
}
