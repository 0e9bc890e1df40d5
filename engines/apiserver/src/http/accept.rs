//! Which form of an answer a client accepts.

use meta::{Reason, Status};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    Json,
    Yaml,
    Protobuf,
}

/// What stands in the answer instead of the object itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Whole,
    Table,
    Metadata,
    MetadataList,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub media: Media,
    pub view: View,
    /// Of the view's own type.
    pub beta: bool,
}

impl Accepted {
    /// The version of a view that is no object of the kind itself.
    pub fn view_version(self) -> &'static str {
        if self.beta { "meta.k8s.io/v1beta1" } else { "meta.k8s.io/v1" }
    }
}

impl Media {
    pub fn content_type(self) -> &'static str {
        match self {
            Media::Json => "application/json",
            Media::Yaml => "application/yaml",
            Media::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }
}

/// The first clause that this server can answer. `protobuf` says whether the resource has that form.
pub fn negotiate(header: Option<&str>, protobuf: bool) -> Result<Accepted, Status> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).unwrap_or("*/*");
    let mut clauses: Vec<(&str, f32)> = header.split(',').map(|clause| (clause.trim(), quality(clause))).collect();
    clauses.sort_by(|a, b| b.1.total_cmp(&a.1));
    let found = clauses.iter().find_map(|(clause, _)| accepted(clause, protobuf));
    found.ok_or_else(not_acceptable)
}

pub fn not_acceptable() -> Status {
    let types = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    Status::failure(Reason::NotAcceptable, format!("only the following media types are accepted: {types}"))
}

const PRODUCED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
const STREAMED: &str = ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/// Upstream's router of built-in kinds asks first, and knows no wildcard within `application/`.
pub fn check_produced(header: Option<&str>, many: bool) -> Result<(), Status> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).unwrap_or("*/*");
    let mut media = header.split(',').map(|clause| clause.split(';').next().unwrap_or("").trim());
    if media.any(|media| media == "*/*" || PRODUCED.split(", ").any(|known| known == media)) {
        return Ok(());
    }
    let all = if many { format!("{PRODUCED}{STREAMED}") } else { PRODUCED.into() };
    let message = format!("406: Not Acceptable\n\nAvailable representations: {all}");
    Err(Status::failure(Reason::NotAcceptable, message))
}

fn quality(clause: &str) -> f32 {
    let q = clause.split(';').find_map(|part| part.trim().strip_prefix("q="));
    q.and_then(|q| q.parse().ok()).unwrap_or(1.0)
}

fn accepted(clause: &str, protobuf: bool) -> Option<Accepted> {
    let mut parts = clause.split(';').map(str::trim);
    let media = match parts.next()? {
        "*/*" | "application/*" | "application/json" => Media::Json,
        "application/yaml" => Media::Yaml,
        "application/vnd.kubernetes.protobuf" if protobuf => Media::Protobuf,
        _ => return None,
    };
    let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let parameter = |name: &str| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let Some(kind) = parameter("as") else { return Some(Accepted { media, view: View::Whole, beta: false }) };
    if parameter("g") != Some("meta.k8s.io") || !matches!(parameter("v"), Some("v1" | "v1beta1")) {
        return None;
    }
    let view = match kind {
        "Table" if media != Media::Protobuf => View::Table,
        "PartialObjectMetadata" => View::Metadata,
        "PartialObjectMetadataList" => View::MetadataList,
        _ => return None,
    };
    Some(Accepted { media, view, beta: parameter("v") == Some("v1beta1") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_can_be_answered_is_taken() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        for (header, protobuf, expect) in [
            (None, true, Some((Media::Json, View::Whole))),
            (Some("application/vnd.kubernetes.protobuf,application/json"), true, Some((Media::Protobuf, View::Whole))),
            (Some("application/vnd.kubernetes.protobuf,application/json"), false, Some((Media::Json, View::Whole))),
            (Some("application/vnd.kubernetes.protobuf"), false, None),
            (Some(table), true, Some((Media::Json, View::Table))),
            (Some("application/json;as=Foo;v=v1;g=meta.k8s.io"), true, None),
            (Some("text/html,*/*;q=0.8"), true, Some((Media::Json, View::Whole))),
            (Some("application/yaml"), true, Some((Media::Yaml, View::Whole))),
        ] {
            let got = negotiate(header, protobuf).ok().map(|a| (a.media, a.view));
            assert_eq!(got, expect, "{header:?}");
        }
    }
}
