//! Every controller over the in-memory server on a paused clock, by a seed, with every fault at once: calls refused,
//! answers lost, watches broken and expired, caches that lag, controllers that are killed in the middle. Once the
//! faults stop, what is becomes what is wanted, and stays so.

mod daemons;
mod deployments;
mod garbage;
mod jobs;
mod members;
mod namespaces;
mod node_loss;
mod nodes;
mod world;
