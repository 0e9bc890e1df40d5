//! Control groups: version 1, version 2, or both side by side. A group has one path, the same in every tree.
//!
//! A controller that a host lacks is passed over: what cannot be limited there runs unlimited.

mod device_filter;
mod limits;
mod trees;
mod usage;

pub use device_filter::{DeviceFilter, DeviceRule};
pub use limits::Limits;
pub use trees::{LEGACY_CONTROLLERS, Trees};
pub use usage::{Usage, oom_kills};
