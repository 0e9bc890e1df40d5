//! The node as the API knows it: registered, alive, with what it has and how it is.

pub mod capacity;
pub mod heartbeat;
pub mod lease;
pub mod machine;
pub mod status;
