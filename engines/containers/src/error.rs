//! What goes wrong here, and what a CRI caller hears of it.

use std::fmt;
use std::io;
use std::path::Path;

#[derive(Debug)]
pub enum Error {
    /// A step on this machine failed.
    Io {
        step: String,
        source: io::Error,
    },
    /// A record on disk does not say what it should.
    Record {
        path: String,
        reason: String,
    },
    NotFound(String),
    Invalid(String),
    /// Not now: the subject is in another state.
    State(String),
    Deadline(String),
    Network(crate::network::NetworkError),
    Image(crate::images::ImageError),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { step, source } if step.is_empty() => write!(out, "{source}"),
            Self::Io { step, source } => write!(out, "{step}: {source}"),
            Self::Record { path, reason } => write!(out, "{path}: {reason}"),
            Self::NotFound(text) | Self::Invalid(text) | Self::State(text) | Self::Deadline(text) => {
                out.write_str(text)
            }
            Self::Network(source) => write!(out, "network: {source}"),
            Self::Image(source) => source.fmt(out),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Network(source) => Some(source),
            Self::Image(source) => Some(source),
            _ => None,
        }
    }
}

impl From<crate::images::ImageError> for Error {
    fn from(source: crate::images::ImageError) -> Error {
        Error::Image(source)
    }
}

impl From<Error> for cri::Error {
    fn from(error: Error) -> cri::Error {
        let text = error.to_string();
        match error {
            Error::NotFound(_) => cri::Error::NotFound(text),
            Error::Invalid(_) => cri::Error::InvalidArgument(text),
            Error::State(_) => cri::Error::FailedPrecondition(text),
            Error::Deadline(_) => cri::Error::DeadlineExceeded(text),
            Error::Image(source) if source.is_not_found() => cri::Error::NotFound(text),
            Error::Io { .. } | Error::Record { .. } | Error::Network(_) | Error::Image(_) => cri::Error::Internal(text),
        }
    }
}

pub type Result<T> = std::result::Result<T, Error>;

/// Names the step that an I/O error stopped.
pub trait Step<T> {
    fn step(self, step: impl fmt::Display) -> Result<T>;
}

impl<T> Step<T> for io::Result<T> {
    fn step(self, step: impl fmt::Display) -> Result<T> {
        self.map_err(|source| Error::Io { step: step.to_string(), source })
    }
}

/// Runs work that blocks on its own thread of the pool.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::Io { step: "background work".into(), source: io::Error::other(error) }),
    }
}

/// Absence is success.
pub fn remove_tree(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).step(format_args!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}
