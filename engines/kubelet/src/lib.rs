//! Holds what a node does for its pods, over the client and cri ports alone: registration and heartbeats, one worker a
//! pod that carries out podplan's steps, volumes, probes, images, logs, and the server behind `kubectl logs` and `exec`.

mod config;
mod context;
mod events;
mod hooks;
mod images;
mod kubelet;
mod logs;
mod node;
mod pods;
mod probes;
mod references;
mod server;
pub mod streaming;
mod volumes;

pub use config::{Config, ImageCollection, LogRotation, ServerConfig};
pub use context::Doors;
pub use kubelet::{Handle, Kubelet, StartError};
pub use volumes::mounts::{KernelMounts, Mounts, NoMounts};
