//! HTTP around the engine: TLS, identities, paths, codecs, streams.

mod accept;
mod again;
mod aggregate;
mod body;
mod carry;
mod connect;
mod encrypted;
mod handle;
mod listen;
mod long_lists;
mod path;
mod piece;
mod present;
mod pretty;
mod proxy;
mod query;
pub mod respond;
mod stream;
mod table;
mod trace;

pub use accept::{Media, not_acceptable};
pub(crate) use connect::concerns as connects;
pub use handle::Frontend;
pub use listen::{Listener, ServeError};
#[cfg(test)]
pub(crate) use path::parse as parse_path;
pub(crate) use path::{ResourcePath, Target};
pub use query::Query;
pub(crate) use query::delete_body;
pub use respond::Response;
