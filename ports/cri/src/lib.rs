//! A port: CRI v1 messages, the runtime traits, and a fake runtime with a model of container life.
//!
//! A crate of its own because it has two implementations (the embedded runtime and the fake) and a heavy build step
//! (protobuf). Both implementations pass [`conformance`].

mod error;
mod images;
mod runtime;
pub mod select;
mod session;

#[cfg(feature = "fake")]
pub mod conformance;
#[cfg(feature = "fake")]
pub mod fake;

/// The CRI v1 messages, as generated from `proto/cri-v1.proto`.
#[allow(clippy::all, clippy::needless_pass_by_value)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/runtime.v1.rs"));
}

pub use error::Error;
pub use images::Images;
pub use runtime::{Events, Runtime};
pub use session::{Connection, Session, TerminalSize};

/// What every call of the port returns: boxed, so that the traits stay object-safe.
pub type Answer<'a, T> = futures::future::BoxFuture<'a, Result<T, Error>>;
