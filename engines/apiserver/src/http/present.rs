//! A verb's outcome in the form its client accepts.

use super::accept::{Accepted, Media, View};
use super::long_lists::{LONG, LongLists, begin_item};
use super::piece::Piece;
use super::respond::{self, Response};
use super::table;
use crate::engine::internal_group;
use crate::protobuf;
use crate::rows::Row;
use client::Answer;
use http::header::{CONTENT_TYPE, HeaderValue};
use jiff::Timestamp;
use kinds::KindDef;
use meta::{Object, Reason, Status, Value, value};
use schema::TypeMeta;
use std::sync::Arc;

pub struct Presenting<'a> {
    pub row: Option<&'a Row>,
    pub version: &'a str,
    pub accepted: Accepted,
    pub now: Timestamp,
    /// What a Table's rows carry of their objects.
    pub include: &'a str,
    pub gzip: bool,
}

impl Presenting<'_> {
    pub fn answer(&self, code: u16, answer: Answer, lists: &Arc<LongLists>) -> Response {
        match answer {
            Answer::Status(status) => respond::encoded(code, self.accepted.media, &status.to_value()),
            Answer::Object(object) => self.object(code, &object),
            Answer::List { resource_version, continue_token, remaining, items } => {
                let head = ListHead { resource_version, continue_token, remaining };
                self.list(&head, items, lists)
            }
        }
    }

    fn object(&self, code: u16, object: &Arc<Object>) -> Response {
        let shown = match self.accepted.view {
            View::Whole if self.accepted.media == Media::Json => {
                let mut out = Vec::new();
                object.write_json(&mut out);
                out.push(b'\n');
                return respond::bytes(code, Media::Json.content_type(), out);
            }
            View::Whole => object.decode_value(),
            View::Metadata => metadata_only(object, self.accepted.view_version()),
            View::MetadataList => return self.unfit("PartialObjectMetadataList", "is not a list", ""),
            View::Table => match self.row {
                Some(row) => table::of_object(self, row, object),
                None => return self.refused(),
            },
        };
        respond::encoded(code, self.accepted.media, &shown)
    }

    fn refused(&self) -> Response {
        respond::status(&super::accept::not_acceptable(), Media::Json)
    }

    /// One was asked for as many, or many as one: upstream names Go's type of it.
    fn unfit(&self, asked: &str, but: &str, suffix: &str) -> Response {
        let Some(row) = self.row else { return self.refused() };
        let go = match row.def.custom {
            true => format!("unstructured.Unstructured{suffix}"),
            false => format!("{}.{}{suffix}", internal_group(&row.def.group), row.def.names.kind),
        };
        let message = format!("you requested {asked}, but the requested object {but} (*{go})");
        respond::status(&Status::failure(Reason::NotAcceptable, message), Media::Json)
    }

    fn list(&self, head: &ListHead, items: Vec<Arc<Object>>, lists: &Arc<LongLists>) -> Response {
        let Some(row) = self.row else {
            return respond::status(&Status::internal("a list of no kind"), Media::Json);
        };
        match self.accepted.view {
            View::Whole if self.accepted.media == Media::Json => self.json_list(row, head, items, lists),
            View::Whole if self.accepted.media == Media::Protobuf => self.protobuf_list(row, head, &items),
            View::Whole => self.encoded_list(row, head, &items),
            View::Table => respond::encoded(200, self.accepted.media, &table::of_list(self, row, head, &items)),
            View::MetadataList => {
                let version = self.accepted.view_version();
                let items: Vec<Value> = items.iter().map(|object| metadata_only(object, version)).collect();
                let list = head.value(version, "PartialObjectMetadataList", items);
                respond::encoded(200, self.accepted.media, &list)
            }
            View::Metadata => self.unfit("PartialObjectMetadata", "is a list", "List"),
        }
    }

    fn encoded_list(&self, row: &Row, head: &ListHead, items: &[Arc<Object>]) -> Response {
        let values = items.iter().map(|object| item_value(object, row.def.custom)).collect();
        let version = row.def.gvk(self.version).group_version().api_version();
        respond::encoded(200, self.accepted.media, &head.value(&version, &row.def.names.list_kind, values))
    }

    fn protobuf_list(&self, row: &Row, head: &ListHead, items: &[Arc<Object>]) -> Response {
        let api_version = row.def.gvk(self.version).group_version().api_version();
        let type_meta = TypeMeta { api_version, kind: row.def.names.list_kind.clone() };
        match protobuf::list(&type_meta, &head.metadata(), items, LONG) {
            Some(pieces) if self.gzip => self.whole(Media::Protobuf, pieces.concat()),
            Some(pieces) => streamed(Media::Protobuf, pieces.into_iter().map(Piece::from)),
            None => respond::status(&super::accept::not_acceptable(), Media::Json),
        }
    }

    fn json_list(&self, row: &Row, head: &ListHead, items: Vec<Arc<Object>>, lists: &Arc<LongLists>) -> Response {
        let opening = head.json(&row.def, self.version);
        if self.gzip || !is_long(&items) {
            return self.whole_list(opening, row.def.custom, &items);
        }
        streamed(Media::Json, lists.begin(opening, items, row.def.custom))
    }

    fn whole_list(&self, mut out: Vec<u8>, custom: bool, items: &[Arc<Object>]) -> Response {
        for (i, object) in items.iter().enumerate() {
            begin_item(object, custom, i == 0, &mut out);
            out.extend_from_slice(object.rest());
        }
        out.extend_from_slice(b"]}\n");
        self.whole(Media::Json, out)
    }

    fn whole(&self, media: Media, body: Vec<u8>) -> Response {
        let mut builder = http::Response::builder().header(CONTENT_TYPE, media.content_type());
        let body = respond::gzip(body.into(), self.gzip, &mut builder);
        builder.body(respond::whole(body)).expect("the headers are constants")
    }
}

fn streamed(media: Media, pieces: impl Iterator<Item = Piece> + Send + 'static) -> Response {
    let mut response = http::Response::new(respond::streamed(futures::stream::iter(pieces)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    response
}

fn is_long(items: &[Arc<Object>]) -> bool {
    let mut size = 0;
    items.iter().any(|object| {
        size += object.body().len();
        size >= LONG
    })
}

/// The part of a list that is not its items.
pub struct ListHead {
    pub resource_version: u64,
    pub continue_token: String,
    pub remaining: Option<u64>,
}

impl ListHead {
    pub fn metadata(&self) -> Value {
        let mut metadata = value!({"resourceVersion": (self.resource_version.to_string())});
        if !self.continue_token.is_empty() {
            metadata.set("continue", &self.continue_token);
        }
        if let Some(remaining) = self.remaining.filter(|n| *n > 0) {
            metadata.set("remainingItemCount", remaining as i64);
        }
        metadata
    }

    fn value(&self, api_version: &str, kind: &str, items: Vec<Value>) -> Value {
        value!({"apiVersion": api_version, "kind": kind, "metadata": (self.metadata()), "items": (Value::List(items))})
    }

    fn json(&self, def: &KindDef, version: &str) -> Vec<u8> {
        let api_version = def.gvk(version).group_version().api_version();
        let (kind, metadata) = (&def.names.list_kind, self.metadata());
        format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":{metadata},\"items\":[")
            .into_bytes()
    }
}

fn item_value(object: &Object, custom: bool) -> Value {
    let mut value = object.decode_value();
    if !custom {
        value.remove("apiVersion");
        value.remove("kind");
    }
    value
}

pub fn metadata_only(object: &Object, version: &str) -> Value {
    let mut shown = value!({"apiVersion": version, "kind": "PartialObjectMetadata"});
    shown.set("metadata", object.decode_value().get("metadata").clone());
    shown
}
