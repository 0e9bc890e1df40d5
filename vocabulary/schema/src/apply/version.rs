//! Owners may have written in another version of the object: what is needed to look at it their way.

use super::set::Set;
use crate::Schema;
use meta::Value;

/// The other versions of one resource.
pub trait Versions {
    /// None when there is no such version any more; what was owned in it is then forgotten.
    fn schema(&self, api_version: &str) -> Option<Schema>;

    fn convert(&self, object: Value, from: &str, to: &str) -> Result<Value, String>;

    /// The fields that writes to this subresource do not touch, in terms of that version.
    fn reset(&self, api_version: &str) -> Option<&Set>;
}

/// A resource of a single version.
pub struct OneVersion<'a> {
    pub reset: Option<&'a Set>,
}

impl Versions for OneVersion<'_> {
    fn schema(&self, _: &str) -> Option<Schema> {
        None
    }

    fn convert(&self, _: Value, from: &str, to: &str) -> Result<Value, String> {
        Err(format!("no conversion from {from} to {to}"))
    }

    fn reset(&self, _: &str) -> Option<&Set> {
        self.reset
    }
}
