//! A port: links, rules, mounts, cgroups, processes; with a recorder for tests.

pub mod net;
