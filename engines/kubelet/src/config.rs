//! What a node is told when it starts.

use podplan::resources::Amounts;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Clone)]
pub struct Config {
    pub node_name: String,
    pub node_ips: Vec<IpAddr>,
    /// `pods/UID/...` below it: volumes, hosts files, termination messages.
    pub data_dir: PathBuf,
    /// `NAMESPACE_NAME_UID/CONTAINER/N.log` below it.
    pub log_dir: PathBuf,
    pub cluster_dns: Vec<IpAddr>,
    pub cluster_domain: String,
    pub pod_cidr: Option<String>,
    pub most_pods: u32,
    /// Added to those that every node has.
    pub labels: Vec<(String, String)>,
    pub taints: Vec<k8s_openapi::api::core::v1::Taint>,
    /// Told instead of what the machine has.
    pub capacity: Amounts,
    /// Kept from pods for the machine itself.
    pub reserved: Amounts,
    pub resolver_file: PathBuf,
    /// `v1.35.4`
    pub version: String,
    pub log_rotation: LogRotation,
    pub image_collection: ImageCollection,
    pub server: Option<ServerConfig>,
}

#[derive(Clone, Copy, Debug)]
pub struct LogRotation {
    pub most_bytes: u64,
    pub most_files: usize,
}

/// Percentages of the image file system: above `high`, unused images go until it is down to `low`.
#[derive(Clone, Copy, Debug)]
pub struct ImageCollection {
    pub high: u64,
    pub low: u64,
}

#[derive(Clone)]
pub struct ServerConfig {
    pub address: SocketAddr,
    /// Asks for client certificates, and lets those in who have none: they may have a token.
    pub tls: Arc<rustls::ServerConfig>,
}

impl Config {
    pub fn new(node_name: &str, data_dir: impl Into<PathBuf>) -> Config {
        let data_dir = data_dir.into();
        Config {
            node_name: node_name.into(),
            node_ips: Vec::new(),
            log_dir: data_dir.join("logs"),
            data_dir,
            cluster_dns: Vec::new(),
            cluster_domain: "cluster.local".into(),
            pod_cidr: None,
            most_pods: 110,
            labels: Vec::new(),
            taints: Vec::new(),
            capacity: Amounts::new(),
            reserved: Amounts::new(),
            resolver_file: "/etc/resolv.conf".into(),
            version: "v1.35.4".into(),
            log_rotation: LogRotation { most_bytes: 10 << 20, most_files: 5 },
            image_collection: ImageCollection { high: 85, low: 80 },
            server: None,
        }
    }
}
