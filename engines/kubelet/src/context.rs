//! What every part of the kubelet shares.

use crate::config::Config;
use crate::events::Events;
use crate::references::References;
use crate::volumes::mounts::Mounts;
use client::ApiClient;
use clock::Clock;
use cri::{Images, Runtime};
use k8s_openapi::api::core::v1::Node;
use podplan::NodeFacts;
use podplan::resources::{Amounts, amounts};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

pub struct Context {
    pub config: Config,
    pub client: Arc<dyn ApiClient>,
    pub runtime: Arc<dyn Runtime>,
    pub images: Arc<dyn Images>,
    pub clock: Arc<dyn Clock>,
    pub mounts: Arc<dyn Mounts>,
    pub events: Events,
    pub references: References,
    pub facts: NodeFacts,
    pub memory_capacity: i64,
    /// The node as it was last told.
    node: Mutex<Arc<Node>>,
}

/// The doors to the outside that the kubelet is given.
#[derive(Clone)]
pub struct Doors {
    pub client: Arc<dyn ApiClient>,
    pub runtime: Arc<dyn Runtime>,
    pub images: Arc<dyn Images>,
    pub clock: Arc<dyn Clock>,
    pub mounts: Arc<dyn Mounts>,
}

impl Context {
    pub fn new(config: Config, doors: Doors, runtime_name: String, memory_capacity: i64) -> Arc<Context> {
        let facts = NodeFacts {
            host_ips: config.node_ips.iter().map(ToString::to_string).collect(),
            runtime_name,
            started: doors.clock.now(),
        };
        let Doors { client, runtime, images, clock, mounts } = doors;
        Arc::new(Context {
            events: Events::start(client.clone(), clock.clone(), &config.node_name),
            references: References::new(client.clone(), clock.clone()),
            config,
            client,
            runtime,
            images,
            clock,
            mounts,
            facts,
            memory_capacity,
            node: Mutex::default(),
        })
    }

    pub fn node(&self) -> Arc<Node> {
        self.node.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_node(&self, node: Arc<Node>) {
        *self.node.lock().unwrap_or_else(PoisonError::into_inner) = node;
    }

    pub fn allocatable(&self) -> Amounts {
        amounts(self.node().status.as_ref().and_then(|s| s.allocatable.as_ref()))
    }

    pub fn pod_dir(&self, uid: &str) -> PathBuf {
        self.config.data_dir.join("pods").join(uid)
    }
}
