//! Kinds of the group `apiextensions`.

pub mod customresourcedefinition;
