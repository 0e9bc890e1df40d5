//! Pure: what becomes of a pod on its node. `next(seen) -> Steps` is the whole life of a pod as one function; beside it
//! stand the contents that a container is given: environment, files, names, numbers and rights.

pub mod admission;
pub mod backoff;
pub mod cgroup;
pub mod dns;
pub mod environment;
pub mod expansion;
pub mod fields;
pub mod hosts;
pub mod image;
pub mod probe;
pub mod resize;
pub mod resources;
pub mod security;
mod seen;
pub mod service_links;
pub mod spec;
mod status;
mod steps;
pub mod sysctls;
pub mod volume_files;

pub use seen::{
    InForce, Instance, InstanceState, Memory, NodeFacts, RuntimeState, Sandbox, StartFailure, User, Verdict,
};
pub use status::{final_status, held_back, is_owned, status_patch};
pub use steps::{
    Kill, Notice, Resize, Resized, Seen, Stage, Step, Steps, Volumes, container_hash, grace_seconds, next,
    sandbox_change,
};
