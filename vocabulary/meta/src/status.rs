//! The answer that is no object: upstream's `Status` in its reasons, codes and wording.

use crate::error::quote;
use crate::{ErrorList, Gvk, Gvr, Value};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    AlreadyExists,
    Conflict,
    Gone,
    Expired,
    Invalid,
    MethodNotAllowed,
    NotAcceptable,
    RequestEntityTooLarge,
    UnsupportedMediaType,
    TooManyRequests,
    InternalError,
    ServerTimeout,
    ServiceUnavailable,
    Timeout,
}

impl Reason {
    pub fn code(self) -> u16 {
        match self {
            Reason::BadRequest => 400,
            Reason::Unauthorized => 401,
            Reason::Forbidden => 403,
            Reason::NotFound => 404,
            Reason::MethodNotAllowed => 405,
            Reason::NotAcceptable => 406,
            Reason::AlreadyExists | Reason::Conflict => 409,
            Reason::Gone | Reason::Expired => 410,
            Reason::RequestEntityTooLarge => 413,
            Reason::UnsupportedMediaType => 415,
            Reason::Invalid => 422,
            Reason::TooManyRequests => 429,
            Reason::InternalError | Reason::ServerTimeout => 500,
            Reason::ServiceUnavailable => 503,
            Reason::Timeout => 504,
        }
    }

    fn word(self) -> CompactString {
        CompactString::from(format!("{self:?}"))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub reason: CompactString,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Details>>,
    pub code: u16,
    /// Where an expired list may be continued, in its metadata.
    #[serde(skip)]
    pub continue_token: Box<str>,
    /// What goes into `Warning` headers beside it.
    #[serde(skip)]
    pub warnings: Box<[String]>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub name: CompactString,
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub group: CompactString,
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub kind: CompactString,
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub uid: CompactString,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    #[serde(skip_serializing_if = "is_zero")]
    pub retry_after_seconds: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cause {
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub reason: CompactString,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

impl Status {
    pub fn failure(reason: Reason, message: impl Into<String>) -> Status {
        Status {
            status: "Failure".into(),
            message: message.into(),
            reason: reason.word(),
            code: reason.code(),
            ..Status::default()
        }
    }

    fn about(reason: Reason, resource: &Gvr, name: &str, message: String) -> Status {
        let details = Details {
            name: name.into(),
            group: resource.group.clone(),
            kind: resource.resource.clone(),
            ..Details::default()
        };
        Status { details: Some(Box::new(details)), ..Status::failure(reason, message) }
    }

    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::failure(Reason::BadRequest, message)
    }

    pub fn unauthorized() -> Status {
        Status::failure(Reason::Unauthorized, "Unauthorized")
    }

    pub fn not_found(resource: &Gvr, name: &str) -> Status {
        let message = format!("{} {} not found", resource.qualified(), quote(name));
        Status::about(Reason::NotFound, resource, name, message)
    }

    /// No such path at all.
    pub fn no_such_page() -> Status {
        let details = Details::default();
        let message = "the server could not find the requested resource";
        Status { details: Some(Box::new(details)), ..Status::failure(Reason::NotFound, message) }
    }

    /// Where no such thing may ever be done.
    pub fn method_not_allowed() -> Status {
        let message = "the server does not allow this method on the requested resource";
        Status { details: Some(Box::default()), ..Status::failure(Reason::MethodNotAllowed, message) }
    }

    pub fn already_exists(resource: &Gvr, name: &str) -> Status {
        let message = format!("{} {} already exists", resource.qualified(), quote(name));
        Status::about(Reason::AlreadyExists, resource, name, message)
    }

    pub fn generate_name_conflict(resource: &Gvr, name: &str) -> Status {
        let message = format!(
            "{} {} already exists, the server was not able to generate a unique name for the object",
            resource.qualified(),
            quote(name)
        );
        Status::about(Reason::AlreadyExists, resource, name, message).retry_after(1)
    }

    pub fn conflict(resource: &Gvr, name: &str, why: impl fmt::Display) -> Status {
        let message = format!("Operation cannot be fulfilled on {} {}: {why}", resource.qualified(), quote(name));
        Status::about(Reason::Conflict, resource, name, message)
    }

    pub fn forbidden(resource: &Gvr, name: &str, why: impl fmt::Display) -> Status {
        let message = match (resource.resource.is_empty(), name.is_empty()) {
            (true, _) => format!("forbidden: {why}"),
            (false, true) => format!("{} is forbidden: {why}", resource.qualified()),
            (false, false) => format!("{} {} is forbidden: {why}", resource.qualified(), quote(name)),
        };
        Status::about(Reason::Forbidden, resource, name, message)
    }

    pub fn invalid(kind: &Gvk, name: &str, errors: &ErrorList) -> Status {
        let qualified =
            if kind.group.is_empty() { kind.kind.to_string() } else { format!("{}.{}", kind.kind, kind.group) };
        let details = Details {
            name: name.into(),
            group: kind.group.clone(),
            kind: kind.kind.clone(),
            causes: errors.iter().map(|error| error.cause()).collect(),
            ..Details::default()
        };
        let mut message = format!("{qualified} {} is invalid", quote(name));
        if !errors.is_empty() {
            message = format!("{message}: {}", errors.aggregate());
        }
        Status { details: Some(Box::new(details)), ..Status::failure(Reason::Invalid, message) }
    }

    pub fn expired(message: impl Into<String>) -> Status {
        Status::failure(Reason::Expired, message)
    }

    pub fn apply_conflict(causes: Vec<Cause>, message: impl Into<String>) -> Status {
        let details = Details { causes, ..Details::default() };
        Status { details: Some(Box::new(details)), ..Status::failure(Reason::Conflict, message) }
    }

    pub fn method_not_supported(resource: &Gvr, action: &str) -> Status {
        let message = format!("{action} is not supported on resources of kind {}", quote(&resource.qualified()));
        Status::about(Reason::MethodNotAllowed, resource, "", message)
    }

    pub fn too_many_requests(message: impl Into<String>, retry_after: u32) -> Status {
        Status::failure(Reason::TooManyRequests, message).retry_after(retry_after)
    }

    pub fn too_large(message: impl fmt::Display) -> Status {
        Status::failure(Reason::RequestEntityTooLarge, format!("Request entity too large: {message}"))
    }

    pub fn timeout(message: impl fmt::Display, retry_after: u32) -> Status {
        Status::failure(Reason::Timeout, format!("Timeout: {message}")).retry_after(retry_after)
    }

    pub fn unavailable(message: impl Into<String>) -> Status {
        Status::failure(Reason::ServiceUnavailable, message)
    }

    pub fn internal(why: impl fmt::Display) -> Status {
        let details =
            Details { causes: vec![Cause { message: why.to_string(), ..Cause::default() }], ..Details::default() };
        let message = format!("Internal error occurred: {why}");
        Status { details: Some(Box::new(details)), ..Status::failure(Reason::InternalError, message) }
    }

    /// The answer of a deletion that left nothing behind.
    pub fn deleted(resource: &Gvr, name: &str, uid: &str) -> Status {
        let details = Details {
            name: name.into(),
            group: resource.group.clone(),
            kind: resource.resource.clone(),
            uid: uid.into(),
            ..Details::default()
        };
        Status { status: "Success".into(), details: Some(Box::new(details)), code: 200, ..Status::default() }
    }

    pub fn retry_after(mut self, seconds: u32) -> Status {
        self.details.get_or_insert_default().retry_after_seconds = seconds;
        self
    }

    pub fn is(&self, reason: Reason) -> bool {
        self.reason == reason.word()
    }

    pub fn to_value(&self) -> Value {
        let mut value = Value::encode(self).expect("a status is plain JSON");
        value.set("apiVersion", "v1");
        value.set("kind", "Status");
        value.set("metadata", Value::map());
        if !self.continue_token.is_empty() {
            value.set("metadata.continue", &*self.continue_token);
        }
        // The code of the usual success goes without saying.
        if self.status == "Success" && self.code == 200 {
            value.remove("code");
        }
        value
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldError, Path};

    #[test]
    fn reads_as_upstream_prints_it() {
        let deployments = Gvr::new("apps", "v1", "deployments");
        let mut errors = ErrorList::default();
        errors.push(FieldError::required(&Path::new("spec").field("selector"), ""));
        let cases = [
            (Status::not_found(&Gvr::new("", "v1", "pods"), "a"), 404, r#"pods "a" not found"#),
            (Status::already_exists(&deployments, "a"), 409, r#"deployments.apps "a" already exists"#),
            (Status::forbidden(&deployments, "", "no"), 403, "deployments.apps is forbidden: no"),
            (
                Status::invalid(&Gvk::new("apps", "v1", "Deployment"), "a", &errors),
                422,
                r#"Deployment.apps "a" is invalid: spec.selector: Required value"#,
            ),
        ];
        for (status, code, message) in cases {
            assert_eq!((status.code, status.message.as_str()), (code, message));
        }
    }
}
