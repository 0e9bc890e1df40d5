//! What a check has found.

use std::borrow::Cow;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The same for every pod that breaks the same rule.
    pub reason: Cow<'static, str>,
    /// Which part of this pod breaks it.
    pub detail: String,
}

impl Violation {
    pub fn new(reason: impl Into<Cow<'static, str>>, detail: String) -> Violation {
        Violation { reason: reason.into(), detail }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail.as_str() {
            "" => f.write_str(&self.reason),
            detail => write!(f, "{} ({detail})", self.reason),
        }
    }
}

/// Of one pod, in the order of the checks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without the details, which differ from pod to pod.
    pub fn reasons(&self) -> String {
        self.0.iter().map(|violation| &*violation.reason).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, violation) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            violation.fmt(f)?;
        }
        Ok(())
    }
}
