//! The client port in process passes the port's suite.

use crate::world::{World, admin, core};
use apiserver::InProcess;
use client::suite::{self, Stage};
use meta::value;
use std::sync::Arc;

#[tokio::test]
async fn the_suite_of_the_client_port_passes_in_process() {
    let world = World::start().await;
    let world = &world;
    suite::run(|case| async move {
        let namespace = case.replace("::", "-").replace('_', "-");
        world.given(core("namespaces"), "", value!({"metadata": {"name": (&namespace)}})).await;
        let client = Arc::new(InProcess::new(world.server.api.clone(), admin(), "suite"));
        Stage { client, clock: world.server.api.clock.clone(), namespace }
    })
    .await;
}
