//! Nodes and pods in, a decision out. Every line is an object: see `stage.rs` for its words.

mod placement;
mod preemption;
mod profiles;
mod requeueing;
mod stage;
mod sums;
mod topology;
