//! A question that is asked of a kind often: its answer for every object is kept sorted.

use meta::{CompactString, Object};
use std::fmt;

#[derive(Clone, Copy)]
pub struct Index {
    pub name: &'static str,
    /// The values under which an object is found.
    pub values: fn(&Object) -> Vec<CompactString>,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
