//! Answers as bytes.

use super::accept::Media;
use super::piece::Piece;
use crate::protobuf;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use meta::{Status, Value};
use std::convert::Infallible;
use std::io::Write;

pub type Body = UnsyncBoxBody<Piece, Infallible>;
pub type Response = http::Response<Body>;

const WARNING: HeaderName = HeaderName::from_static("warning");
/// Smaller answers are not worth compressing. Upstream's bound is the same.
const GZIP_FROM: usize = 128 * 1024;

pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(Piece::from(bytes.into())).boxed_unsync()
}

pub fn streamed<P: Into<Piece> + 'static>(frames: impl futures::Stream<Item = P> + Send + 'static) -> Body {
    use futures::StreamExt;
    StreamBody::new(frames.map(|piece| Ok(Frame::data(piece.into())))).boxed_unsync()
}

pub fn bytes(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = http::Response::new(whole(body));
    set_code(&mut response, code);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub fn set_code(response: &mut Response, code: u16) {
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
}

/// What may be anybody's words is never taken for anything but text.
pub fn text(code: u16, body: impl Into<String>) -> Response {
    let mut response = bytes(code, "text/plain; charset=utf-8", body.into());
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What no part of the server answers.
pub fn no_page() -> Response {
    text(404, "404 page not found\n")
}

pub fn json(code: u16, value: &Value) -> Response {
    let mut text = value.to_json();
    text.push(b'\n');
    bytes(code, "application/json", text)
}

/// A value in the form that was negotiated; in JSON where that form cannot carry it.
pub fn encoded(code: u16, media: Media, value: &Value) -> Response {
    match media {
        Media::Protobuf => match protobuf::of_value(value) {
            Some(message) => bytes(code, media.content_type(), message),
            None => json(code, value),
        },
        Media::Yaml => match serde_saphyr::to_string(value) {
            Ok(text) => bytes(code, media.content_type(), text),
            Err(error) => json(500, &Status::internal(error).to_value()),
        },
        Media::Json => json(code, value),
    }
}

pub fn status(status: &Status, media: Media) -> Response {
    let mut response = encoded(if status.code == 0 { 200 } else { status.code }, media, &status.to_value());
    let retry = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    if retry > 0 {
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(retry));
    }
    warn(&mut response, &status.warnings);
    response
}

/// Warnings as headers: quoted, of printable characters, none twice, within upstream's bound on their size.
pub fn warn(response: &mut Response, warnings: &[String]) {
    let mut told: Vec<&String> = Vec::new();
    let mut room = 4096usize;
    for warning in warnings {
        if told.contains(&warning) || room < warning.len() {
            continue;
        }
        let clean: String = warning.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let quoted = clean.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            response.headers_mut().append(WARNING, value);
        }
        room -= warning.len();
        told.push(warning);
    }
}

/// Compresses a large answer for a client that takes it.
pub fn gzip(body: Bytes, accepts: bool, response: &mut http::response::Builder) -> Bytes {
    let headers = response.headers_mut();
    if let Some(headers) = headers {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if accepts && body.len() >= GZIP_FROM {
            let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::new(1));
            if encoder.write_all(&body).is_ok()
                && let Ok(packed) = encoder.finish()
            {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                return packed.into();
            }
        }
    }
    body
}
