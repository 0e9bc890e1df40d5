//! Container logs as CRI writes them: read for users, and turned over before they grow too large.

pub mod line;
pub mod read;
pub mod rotate;
