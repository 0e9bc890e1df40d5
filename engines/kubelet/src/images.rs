//! Images on this node: pulled when a container needs them, collected when the disk fills.

pub mod collect;
pub mod keyring;
mod pull;

pub use pull::Puller;
