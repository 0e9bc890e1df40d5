//! A port: the one door to the API. Every component goes through an [`ApiClient`] with its own identity: in process
//! without TLS and codec, or over HTTPS; authentication, authorization and admission are never skipped.
//!
//! Beside the port: typed access ([`Api`]), one shared cache a kind ([`Cache`], [`Caches`]), an in-memory server for
//! tests ([`fake`]) and what every implementation must pass ([`suite`]).

mod api;
mod backoff;
mod cache;
mod caches;
mod catalogs;
mod latest;
mod outcome;
mod port;
mod request;
mod source;

pub mod fake;
pub mod suite;

pub use api::Api;
pub use backoff::Backoff;
pub use cache::{Cache, Changes};
pub use caches::Caches;
pub use latest::Latest;
pub use outcome::{Outcome, is_namespace_terminating};
pub use port::{ApiClient, Watch, WatchEvent};
pub use request::{Answer, Body, DeleteOptions, ListOptions, PatchKind, Request, VersionMatch, WriteOptions};
pub use source::Source;
