//! Why a runtime refused: the gRPC status codes that CRI callers tell apart.

use std::fmt;

/// A refusal. The text is for people; callers decide by the variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    NotFound(String),
    AlreadyExists(String),
    InvalidArgument(String),
    FailedPrecondition(String),
    DeadlineExceeded(String),
    Unavailable(String),
    Unimplemented(String),
    Internal(String),
}

impl Error {
    pub fn message(&self) -> &str {
        match self {
            Self::NotFound(text)
            | Self::AlreadyExists(text)
            | Self::InvalidArgument(text)
            | Self::FailedPrecondition(text)
            | Self::DeadlineExceeded(text)
            | Self::Unavailable(text)
            | Self::Unimplemented(text)
            | Self::Internal(text) => text,
        }
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.message())
    }
}

impl std::error::Error for Error {}
