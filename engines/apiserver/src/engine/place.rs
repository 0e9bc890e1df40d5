//! Where an object says it is, and where the request says so: the same namespace and name, or a refusal.

use super::Going;
use meta::{Status, Value};

impl Going<'_> {
    /// Of an object that exists already under the request's name.
    pub(super) fn settle_place(&self, value: &mut Value) -> Result<(), Status> {
        self.settle_namespace(value)?;
        let asked = &self.call.request.key.name;
        match value.str("metadata.name") {
            own if own == asked => Ok(()),
            "" => Err(Status::bad_request(format!(
                "the name of the object ({asked} based on URL) was undeterminable: name must be provided"
            ))),
            own => Err(Status::bad_request(format!(
                "the name of the object ({own}) does not match the name on the URL ({asked})"
            ))),
        }
    }

    /// The object's namespace is the request's; another one is refused, and one of a cluster's object forgotten.
    pub(super) fn settle_namespace(&self, value: &mut Value) -> Result<(), Status> {
        let asked = &self.call.request.key.namespace;
        match value.str("metadata.namespace") {
            own if own == asked => Ok(()),
            "" => {
                value.set("metadata.namespace", asked);
                Ok(())
            }
            _ if asked.is_empty() => {
                value.remove("metadata.namespace");
                Ok(())
            }
            _ => Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            )),
        }
    }
}
