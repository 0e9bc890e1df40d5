//! Kinds of the group `batch`.

pub mod cronjob;
pub mod job;
