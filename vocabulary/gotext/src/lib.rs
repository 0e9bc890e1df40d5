//! Pure: what Go reads from texts, where that is part of the API: lengths of time, moments, regular expressions.

pub mod duration;
pub mod pattern;
pub mod time;
