//! A port: links and rules; with a recorder for tests.
//!
//! Absent on purpose: mounts, cgroups and processes. They have one implementation, in `linux`, and its tests run on the
//! real kernel; what can be decided without one is data there (orders, limits, filters).

pub mod net;
