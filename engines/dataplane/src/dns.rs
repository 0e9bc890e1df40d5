//! Cluster DNS.

mod names;
pub use names::Names;
