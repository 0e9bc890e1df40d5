//! Why an image cannot be had.

use std::fmt;
use std::io;

#[derive(Debug)]
pub enum ImageError {
    Reference(String),
    NotFound(String),
    /// Content is not what its digest says.
    Digest {
        expected: String,
        found: String,
    },
    Manifest(String),
    /// An entry of a layer that must not be unpacked.
    Entry {
        path: String,
        reason: &'static str,
    },
    Limit(&'static str),
    Registry(oci_client::errors::OciDistributionError),
    Io {
        step: String,
        source: io::Error,
    },
}

impl ImageError {
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(name) => write!(out, "invalid image reference {name:?}"),
            Self::NotFound(name) => write!(out, "image {name:?} not found"),
            Self::Digest { expected, found } => write!(out, "content has digest {found}, expected {expected}"),
            Self::Manifest(reason) => write!(out, "image manifest: {reason}"),
            Self::Entry { path, reason } => write!(out, "layer entry {path:?}: {reason}"),
            Self::Limit(what) => write!(out, "layer exceeds the limit of {what}"),
            Self::Registry(source) => write!(out, "registry: {source}"),
            Self::Io { step, source } => write!(out, "{step}: {source}"),
        }
    }
}

impl std::error::Error for ImageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Registry(source) => Some(source),
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

pub type Result<T> = std::result::Result<T, ImageError>;

pub trait Step<T> {
    fn step(self, step: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<io::Error>> Step<T> for std::result::Result<T, E> {
    fn step(self, step: impl fmt::Display) -> Result<T> {
        self.map_err(|source| ImageError::Io { step: step.to_string(), source: source.into() })
    }
}
