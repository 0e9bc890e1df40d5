//! OpenAPI documents: v3 one a group and version, v2 one for all; made when they are first asked for and kept,
//! compressed, until the table changes.

mod document;
mod paths;

use crate::engine::Api;
use crate::http::{Response, respond};
use crate::rows::{Row, Table};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use meta::{CompactString, GroupVersion, Map, Value, value};
use paths::PAGES;
use schema::openapi::Dialect;
use sha2::{Digest, Sha512};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The documents of one table.
#[derive(Default)]
pub struct Documents(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    generation: u64,
    documents: BTreeMap<Name, Arc<Document>>,
}

/// Which document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    /// The one of v2.
    All,
    /// One of v3, by its path.
    Page(String),
}

struct Document {
    packed: Bytes,
    plain_length: usize,
    hash: String,
}

impl Document {
    fn of(value: &Value) -> std::io::Result<Document> {
        let plain = value.to_json();
        let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
        encoder.write_all(&plain)?;
        let hash = format!("{:X}", Sha512::digest(&plain));
        Ok(Document { packed: encoder.finish()?.into(), plain_length: plain.len(), hash })
    }

    fn plain(&self) -> std::io::Result<Vec<u8>> {
        let mut plain = Vec::with_capacity(self.plain_length);
        std::io::copy(&mut flate2::read::GzDecoder::new(&*self.packed), &mut plain)?;
        Ok(plain)
    }

    fn respond(&self, headers: &HeaderMap) -> Response {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or("");
        let tag = format!("\"{}\"", self.hash);
        let packed = text(ACCEPT_ENCODING).contains("gzip");
        let body = match (text(IF_NONE_MATCH) == tag, packed) {
            (true, _) => Ok(Bytes::new()),
            (false, true) => Ok(self.packed.clone()),
            (false, false) => self.plain().map(Bytes::from),
        };
        let Ok(body) = body else { return respond::text(500, "the document cannot be unpacked\n") };
        let code = if text(IF_NONE_MATCH) == tag { 304 } else { 200 };
        let mut response = respond::bytes(code, "application/json", body);
        let out = response.headers_mut();
        out.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            out.insert(ETAG, tag);
        }
        if packed && code == 200 {
            out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

impl Documents {
    /// `/openapi/v3`: every document with its hash, so that clients can keep them.
    pub fn index(&self, api: &Api) -> Response {
        let table = api.rows.table();
        let mut paths = Map::default();
        for path in v3_paths(&table) {
            if let Some(document) = self.get(&table, Name::Page(path.clone())) {
                let url = format!("/openapi/v3/{path}?hash={}", document.hash);
                paths.insert(path, value!({"serverRelativeURL": url}));
            }
        }
        for remote in api.aggregation.remotes().values() {
            let url = &remote.served().document;
            if !url.is_empty() {
                paths.insert(remote.path().trim_start_matches('/'), value!({"serverRelativeURL": url}));
            }
        }
        respond::json(200, &value!({"paths": paths}))
    }

    pub fn v3(&self, api: &Api, path: &str, headers: &HeaderMap) -> Option<Response> {
        let document = self.get(&api.rows.table(), Name::Page(path.into()));
        document.map(|document| document.respond(headers))
    }

    pub fn v2(&self, api: &Api, headers: &HeaderMap) -> Option<Response> {
        self.get(&api.rows.table(), Name::All).map(|document| document.respond(headers))
    }

    fn get(&self, table: &Table, name: Name) -> Option<Arc<Document>> {
        if let Some(document) = self.kept(table, &name) {
            return Some(document);
        }
        let value = match &name {
            Name::Page(path) => page(table, path)?,
            Name::All => document::v2(table),
        };
        let document = Arc::new(Document::of(&value).ok()?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.generation == table.generation {
            kept.documents.insert(name, document.clone());
        }
        Some(document)
    }

    fn kept(&self, table: &Table, name: &Name) -> Option<Arc<Document>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.generation < table.generation {
            kept.generation = table.generation;
            // Built-in groups do not change with custom kinds; only documents that a custom kind stands in are made anew.
            kept.documents.retain(|name, _| matches!(name, Name::Page(path) if !has_custom(table, path)));
        }
        kept.documents.get(name).cloned()
    }
}

/// The document that stands under a path, where one does.
fn page(table: &Table, path: &str) -> Option<Value> {
    if let Some(page) = PAGES.iter().find(|page| page.path == path) {
        return Some(document::v3(|paths, _| paths.add_page(page)));
    }
    if let Some(name) = group_versions(table).into_iter().find(|name| path_of(name) == path) {
        let rows = rows_of(table, &name);
        return Some(document::v3(|paths, schemas| document::version(&rows, &name, paths, schemas)));
    }
    let group = path.strip_prefix("apis/").filter(|group| groups(table).contains(*group))?;
    Some(document::v3(|paths, _| paths.add_group(group)))
}

fn v3_paths(table: &Table) -> BTreeSet<String> {
    let pages = PAGES.iter().map(|page| page.path.to_string());
    let groups = groups(table).into_iter().map(|group| format!("apis/{group}"));
    pages.chain(groups).chain(group_versions(table).iter().map(path_of)).collect()
}

/// A custom kind stands in the document, or its group in no other.
fn has_custom(table: &Table, path: &str) -> bool {
    !PAGES.iter().any(|page| page.path == path)
        && table.iter().filter(|row| row.def.custom).any(|row| path.split('/').nth(1) == Some(row.def.group.as_str()))
}

/// The names of every group but the legacy one.
fn groups(table: &Table) -> BTreeSet<CompactString> {
    table.iter().map(|row| row.def.group.clone()).filter(|group| !group.is_empty()).collect()
}

fn group_versions(table: &Table) -> Vec<GroupVersion> {
    let served = table.iter().flat_map(|row| {
        let versions = row.def.versions.iter().filter(|version| version.served);
        versions.map(|version| GroupVersion::new(row.def.group.clone(), version.name.clone()))
    });
    let mut all: Vec<GroupVersion> = served.collect();
    all.sort();
    all.dedup();
    all
}

fn rows_of(table: &Table, name: &GroupVersion) -> Vec<Arc<Row>> {
    table.iter().filter(|row| row.def.group == name.group && row.version(&name.version).is_some()).cloned().collect()
}

/// `api/v1` or `apis/apps/v1`.
fn path_of(name: &GroupVersion) -> String {
    if name.group.is_empty() {
        format!("api/{}", name.version)
    } else {
        format!("apis/{}/{}", name.group, name.version)
    }
}

/// Where schemas stand in the dialect's documents.
fn reference(dialect: Dialect, name: &str) -> Value {
    value!({"$ref": (dialect.reference(name))})
}
