//! Pods on this node: one worker each, woken by what concerns it and asleep otherwise.

pub mod container_config;
pub mod container_mounts;
pub mod dispatch;
pub mod kill;
pub mod labels;
pub mod observe;
pub mod orphans;
pub mod post;
pub mod report;
pub mod runtime_events;
pub mod sandbox_config;
pub mod start;
pub mod worker;
