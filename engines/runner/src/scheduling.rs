//! Runs the scheduler: tells it every change, asks for decisions as long as there are pods to decide about, and binds
//! many at once while it goes on deciding.

mod drive;

use crate::{Recorder, Running};
use client::{ApiClient, Caches};
use clock::Clock;
use drive::Drive;
use meta::Gvr;
use scheduler::{Profile, Scheduler};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The component that its events name.
const EVENT_SOURCE: &str = "default-scheduler";
/// What it follows.
const READS: [(&str, &str); 7] = [
    ("", "namespaces"),
    ("", "services"),
    ("", "replicationcontrollers"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("", "nodes"),
    ("", "pods"),
];

/// Begins to schedule; binds through `client`.
pub fn start_scheduler(
    caches: &Arc<Caches>,
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    profile: Profile,
) -> Running {
    let (stop, stopped) = watch::channel(false);
    let (to, changes) = mpsc::unbounded_channel();
    let followed = READS.map(|(group, resource)| caches.of(&Gvr::new(group, "v1", resource)));
    for cache in &followed {
        cache.forward(to.clone());
    }
    let recorder = Recorder::start(client.clone(), clock.clone(), EVENT_SOURCE);
    let drive = Drive::new(Scheduler::new(profile), client, clock, recorder);
    let task = tokio::spawn(async move {
        for cache in &followed {
            cache.synced().await;
        }
        drive.run(changes, stopped).await;
    });
    Running { stop, task }
}

#[cfg(test)]
mod tests;
