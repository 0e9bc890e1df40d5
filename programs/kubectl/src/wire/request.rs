//! One request.

use crate::failure::Failure;
use http::Method;
use kube::client::Body;
use meta::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const JSON: &str = "application/json";
pub const TABLE: &str =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
/// The server takes the name before the slash for the owner of fields where no owner is given.
const USER_AGENT: &str = "kubectl/v1.35.4 (k1s) kubernetes";
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    pub path: String,
    query: Vec<(String, String)>,
    body: Vec<u8>,
    content_type: &'static str,
    accept: &'static str,
}

impl Request {
    fn new(method: Method, path: impl Into<String>) -> Request {
        Request { method, path: path.into(), query: Vec::new(), body: Vec::new(), content_type: JSON, accept: JSON }
    }

    pub fn get(path: impl Into<String>) -> Request {
        Request::new(Method::GET, path)
    }

    pub fn post(path: impl Into<String>, body: &Value) -> Request {
        Request { body: body.to_json(), ..Request::new(Method::POST, path) }
    }

    pub fn put(path: impl Into<String>, body: &Value) -> Request {
        Request { body: body.to_json(), ..Request::new(Method::PUT, path) }
    }

    pub fn patch(path: impl Into<String>, content_type: &'static str, body: Vec<u8>) -> Request {
        Request { body, content_type, ..Request::new(Method::PATCH, path) }
    }

    pub fn delete(path: impl Into<String>, options: &Value) -> Request {
        Request { body: options.to_json(), ..Request::new(Method::DELETE, path) }
    }

    /// A parameter; an empty one is left out.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Request {
        let value = value.into();
        if !value.is_empty() {
            self.query.push((name.to_string(), value));
        }
        self
    }

    pub fn accept(self, accept: &'static str) -> Request {
        Request { accept, ..self }
    }

    /// The path with its parameters.
    pub fn target(&self) -> String {
        let mut target = self.path.clone();
        for (name, value) in &self.query {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&format!("{name}={}", utf8_percent_encode(value, QUERY)));
        }
        target
    }

    pub fn into_http(self) -> Result<http::Request<Body>, Failure> {
        let mut builder = http::Request::builder()
            .method(self.method.clone())
            .uri(self.target())
            .header(http::header::ACCEPT, self.accept)
            .header(http::header::USER_AGENT, USER_AGENT);
        if !self.body.is_empty() {
            builder = builder.header(http::header::CONTENT_TYPE, self.content_type);
        }
        builder.body(Body::from(self.body)).map_err(|why| Failure::text(why.to_string()))
    }
}
