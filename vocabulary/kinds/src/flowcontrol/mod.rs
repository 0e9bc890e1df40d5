//! Kinds of the group `flowcontrol`.

pub mod flowschema;
pub mod prioritylevelconfiguration;
