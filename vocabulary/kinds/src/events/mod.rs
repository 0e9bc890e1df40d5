//! Kinds of the group `events`.

pub mod event;
