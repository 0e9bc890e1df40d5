//! What a refused or lost answer says about the write.

use meta::Status;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered that it did nothing.
    Refused,
    /// The write may or may not have happened.
    Unknown,
}

impl Outcome {
    /// Errors of the 400s are answers; anything else may have come after the commit.
    pub fn of(status: &Status) -> Outcome {
        if (400..500).contains(&status.code) { Outcome::Refused } else { Outcome::Unknown }
    }
}

/// A creation refused because everything in the namespace is going away: retrying cannot help.
pub fn is_namespace_terminating(status: &Status) -> bool {
    let causes = status.details.as_deref().map_or(&[] as &[_], |details| &details.causes);
    causes.iter().any(|cause| cause.reason == "NamespaceTerminating")
}
