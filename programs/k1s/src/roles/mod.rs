//! The parts of a cluster that this binary can be, each started by one function from its own settings.

pub mod api;
pub mod control;
pub mod controllers;
pub mod network;
pub mod node;
pub mod scheduler;
pub mod simulated;
