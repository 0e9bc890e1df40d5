//! Why a task ended early.

use std::fmt;
use std::path::Path;

#[derive(Debug)]
pub enum Failure {
    Io {
        what: String,
        source: std::io::Error,
    },
    Json {
        what: String,
        source: serde_json::Error,
    },
    /// An answer or a source that is not as the task expects it.
    Unexpected(String),
}

impl Failure {
    pub fn io(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Failure {
        let what = what.to_string();
        move |source| Failure::Io { what, source }
    }

    pub fn json(what: impl fmt::Display) -> impl FnOnce(serde_json::Error) -> Failure {
        let what = what.to_string();
        move |source| Failure::Json { what, source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Io { what, source } => write!(f, "{what}: {source}"),
            Failure::Json { what, source } => write!(f, "{what}: {source}"),
            Failure::Unexpected(what) => f.write_str(what),
        }
    }
}

pub fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(Failure::io(path.display()))
}

pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Failure::io(folder.display()))?;
    }
    std::fs::write(path, text).map_err(Failure::io(path.display()))
}
