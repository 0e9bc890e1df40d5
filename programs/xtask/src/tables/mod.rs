//! Makes the tables of facts: upstream's answers joined with the tags of its Go types.

mod beyond;
mod columns;
pub mod kinds;
mod names;
mod types;

use crate::upstream::Upstream;
use crate::{Failure, failure};
use std::path::{Path, PathBuf};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vocabulary/kinds/facts")
}

pub fn run(_arguments: &[String]) -> Result<(), Failure> {
    let upstream = Upstream::connect()?;
    for (file, text) in types::write(&types::read(&upstream)?)? {
        failure::write(&folder().join("types").join(file), &text)?;
    }
    let groups = kinds::read(&upstream)?;
    failure::write(&folder().join("kinds.txt"), &kinds::write(&groups))?;
    failure::write(&folder().join("columns.txt"), &columns::read(&upstream, &groups)?)
}
