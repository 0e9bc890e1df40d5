//! Kinds of the group `authentication`.

pub mod selfsubjectreview;
pub mod tokenreview;
