//! Why a store could not be opened.

use std::{fmt, io};

#[derive(Debug)]
pub enum OpenError {
    /// Another process has the directory.
    Locked,
    Io {
        doing: &'static str,
        file: String,
        source: io::Error,
    },
    /// What is on the disk is not what was written there.
    Corrupt {
        file: String,
        offset: u64,
        reason: String,
    },
    Thread(io::Error),
}

impl OpenError {
    pub(crate) fn io(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> OpenError {
        let file = file.to_owned();
        move |source| OpenError::Io { doing, file, source }
    }

    pub(crate) fn corrupt(file: &str, offset: u64, reason: impl fmt::Display) -> OpenError {
        OpenError::Corrupt { file: file.to_owned(), offset, reason: reason.to_string() }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Locked => write!(f, "the data directory is in use by another process"),
            OpenError::Io { doing, file, source } => write!(f, "cannot {doing} {file}: {source}"),
            OpenError::Corrupt { file, offset, reason } => {
                write!(f, "{file} is corrupt at byte {offset}: {reason}")
            }
            OpenError::Thread(source) => write!(f, "cannot start the writer thread: {source}"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OpenError::Io { source, .. } | OpenError::Thread(source) => Some(source),
            OpenError::Locked | OpenError::Corrupt { .. } => None,
        }
    }
}
