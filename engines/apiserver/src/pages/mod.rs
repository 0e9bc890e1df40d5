//! What is served beside resources: discovery, documents, health, version, metrics. All of it is computed from the
//! table of rows.

mod discovery;
mod health;
mod issuer;
mod openapi;
mod remote;
mod version;

use crate::engine::Api;
use crate::http::{Query, Response, respond};
use http::HeaderMap;
use meta::{Status, Value, value};

pub use health::Health;

#[derive(Default)]
pub struct Pages {
    documents: openapi::Documents,
    pub health: Health,
    pub(crate) metrics: crate::metrics::Metrics,
}

/// The top level's paths, as upstream lists them under `/`.
const PATHS: &[&str] = &[
    "/.well-known/openid-configuration",
    "/api",
    "/api/v1",
    "/apis",
    "/healthz",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/openid/v1/jwks",
    "/readyz",
    "/version",
];

impl Pages {
    pub async fn answer(&self, api: &Api, path: &str, query: &Query, headers: &HeaderMap) -> Response {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts[..] {
            [""] => respond::json(200, &root(api)),
            ["api"] => discovery::legacy(api, headers),
            ["apis"] => discovery::groups(api, headers),
            ["api", version] => discovery::resources(api, "", version),
            ["apis", group] => discovery::group(api, group),
            ["apis", group, version] => discovery::resources(api, group, version),
            ["openapi", "v2"] if wants_only_protobuf(headers) => {
                respond::status(&crate::http::not_acceptable(), crate::http::Media::Json)
            }
            ["openapi", "v2"] => self.documents.v2(api, headers).unwrap_or_else(|| not_found(path)),
            ["openapi", "v3"] => self.documents.index(api),
            ["openapi", "v3", ref rest @ ..] => {
                self.documents.v3(api, &rest.join("/"), headers).unwrap_or_else(|| not_found(path))
            }
            [".well-known", "openid-configuration"] => issuer::configuration(api),
            ["openid", "v1", "jwks"] => issuer::keys(api),
            ["version"] => respond::json(200, &version::version()),
            [endpoint @ ("healthz" | "livez" | "readyz"), ref check @ ..] => {
                self.health.answer(api, endpoint, check, query).await
            }
            _ => not_found(path),
        }
    }
}

fn root(api: &Api) -> Value {
    let table = api.rows.table();
    let mut paths: Vec<String> = PATHS.iter().map(ToString::to_string).collect();
    for row in table.iter().filter(|row| !row.def.group.is_empty()) {
        paths.push(format!("/apis/{}", row.def.group));
        paths.extend(row.def.versions.iter().map(|version| format!("/apis/{}/{}", row.def.group, version.name)));
    }
    for remote in api.aggregation.remotes().values() {
        paths.extend([format!("/apis/{}", remote.group), remote.path()]);
    }
    paths.sort();
    paths.dedup();
    value!({"paths": paths})
}

/// Clients that know only the document's protobuf form ask for nothing else.
fn wants_only_protobuf(headers: &HeaderMap) -> bool {
    let accept = headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    !accept.is_empty() && accept.split(',').all(|clause| clause.contains("protobuf"))
}

fn not_found(path: &str) -> Response {
    if path.starts_with("/api/") || path.starts_with("/apis/") {
        return respond::status(&Status::no_such_page(), crate::http::Media::Json);
    }
    respond::text(404, "404 page not found\n")
}
