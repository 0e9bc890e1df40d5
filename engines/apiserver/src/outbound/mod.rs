//! Calls that leave this server over TLS: to admission and conversion webhooks, to extension servers.
//!
//! A [`Peer`] is who is called, from a `clientConfig`; it keeps its idle connections for the next call.

mod address;
mod connection;
mod exchange;
mod peer;
mod roots;

pub(crate) use address::{endpoints, of_slice, slices};
pub(crate) use peer::Peer;
use roots::client_tls;
pub(crate) use roots::{presenting, unverified_tls};
