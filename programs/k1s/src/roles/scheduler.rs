//! The scheduler, with upstream's identity.

use super::api::ApiRole;
use apiserver::identity::Identity;
use client::Caches;
use clock::Clock;
use runner::{Profile, Running, start_scheduler};
use std::sync::Arc;

const USER: &str = "system:kube-scheduler";
const MANAGER: &str = "kube-scheduler";

pub fn start(api: &ApiRole, clock: Arc<dyn Clock>) -> Running {
    let client = api.client(Identity::new(USER, &[]), MANAGER);
    let caches = Caches::new(client.clone(), clock.clone());
    start_scheduler(&caches, client, clock, Profile::default())
}
