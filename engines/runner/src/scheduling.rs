//! Runs the scheduler: tells it every change, asks for decisions as long as there are pods to decide about, and binds
//! many at once while it goes on deciding.

mod drive;
mod notes;

use crate::inputs::Inputs;
use crate::{Recorder, Running};
use client::{ApiClient, Caches};
use clock::Clock;
use drive::Drive;
use meta::Gvr;
use plan::Input;
use scheduler::{Profile, Scheduler};
use std::sync::Arc;
use tokio::sync::watch;

/// The component that its events name.
const EVENT_SOURCE: &str = "default-scheduler";
/// What it follows, by group and resource.
const READS: [(&str, &str); 8] = [
    ("", "namespaces"),
    ("", "services"),
    ("", "replicationcontrollers"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("policy", "poddisruptionbudgets"),
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
    let read =
        |(group, resource): (&str, &str)| Input::Kind { resource: Gvr::new(group, "v1", resource), indexes: &[] };
    let inputs = Arc::new(Inputs::open(caches, &READS.map(read)));
    let recorder = Recorder::start(client.clone(), clock.clone(), EVENT_SOURCE);
    let drive = Drive::new(Scheduler::new(profile), inputs, client, clock, recorder);
    Running { stop, task: tokio::spawn(drive.run(stopped)) }
}

#[cfg(test)]
mod tests;
