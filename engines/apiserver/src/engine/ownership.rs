//! Who owns which field: managedFields on every write, and the merge of server-side apply.

use super::Going;
use meta::{Status, Value};

impl Going<'_> {
    pub(super) fn own(&self, _old: Option<&Value>, _new: &mut Value) -> Result<(), Status> {
        Ok(())
    }

    pub(super) fn own_applied(&self, _live: &Value, _applied: &Value) -> Result<Value, Status> {
        Err(Status::internal("apply"))
    }
}
