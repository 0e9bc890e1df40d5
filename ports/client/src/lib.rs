//! A port: the one door to the API. Every component goes through an [`ApiClient`] with its own identity: in process
//! without TLS and codec, or over HTTPS; authentication, authorization and admission are never skipped.

mod port;
mod request;

pub use port::{ApiClient, Watch, WatchEvent};
pub use request::{Answer, Body, DeleteOptions, ListOptions, PatchKind, Request, VersionMatch, WriteOptions};
