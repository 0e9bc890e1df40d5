//! Makes the tables of facts: upstream's answers joined with the tags of its Go types.

mod beyond;
mod columns;
mod forms;
pub mod kinds;
mod names;
mod types;

use crate::upstream::Upstream;
use crate::{Failure, failure};
use std::path::{Path, PathBuf};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vocabulary/kinds/facts")
}

/// All of them; with the word `forms`, those alone that need no upstream to ask.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    forms::write()?;
    if arguments.iter().any(|word| word == "forms") {
        return Ok(());
    }
    let upstream = Upstream::connect()?;
    for (file, text) in types::write(&types::read(&upstream)?)? {
        failure::write(&folder().join("types").join(file), &text)?;
    }
    let groups = kinds::read(&upstream)?;
    failure::write(&folder().join("kinds.txt"), &kinds::write(&groups))?;
    failure::write(&folder().join("columns.txt"), &columns::read(&upstream, &groups)?)
}
