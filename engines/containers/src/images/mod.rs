//! Images: unpacked layers, and a record for each image that names them.

mod archive;
pub mod builtin;
mod config;
mod digest;
mod error;
mod pull;
mod reference;
mod service;
mod store;
mod unpack;

pub use config::ImageConfig;
pub use error::ImageError;
pub use pull::Registries;
pub use reference::normalize;
pub use store::{ImageRecord, ImageStore};
pub use unpack::Limits;
