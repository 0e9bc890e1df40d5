//! Pods that are given other resources while they run.

mod world;

use client::{PatchKind, Request};
use k8s_openapi::api::core::v1::{ContainerStatus, PodCondition};
use meta::Key;
use std::time::Duration;
use world::{World, gvr};

const MEBIBYTE: u64 = 1 << 20;

async fn running() -> World {
    let world = World::new().await;
    world.pod(
        "p",
        r#"{"containers":[{"name":"a","image":"i","resources":{"requests":{"cpu":"20m"},"limits":{"memory":"20Mi"}}}]}"#,
    );
    world.until("p", "Running a:running/ready").await;
    world
}

/// Asks for other resources, and gives the node time to answer.
async fn ask(world: &World, resources: &str) {
    let spec = format!(r#"{{"spec":{{"containers":[{{"name":"a","image":"i","resources":{resources}}}]}}}}"#);
    let patch = meta::parse(spec.as_bytes()).unwrap();
    world.api.now(&Request::patch(gvr("pods"), Key::new("default", "p"), PatchKind::Merge, patch)).unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
}

fn container(world: &World) -> ContainerStatus {
    world.typed("p").status.unwrap().container_statuses.unwrap().remove(0)
}

/// Requests as granted, and what is in force: `25m 25m/30Mi`.
fn told(world: &World) -> String {
    let status = container(world);
    let (granted, now) = (status.allocated_resources.unwrap(), status.resources.unwrap());
    format!("{} {}/{}", granted["cpu"].0, now.requests.unwrap()["cpu"].0, now.limits.unwrap()["memory"].0)
}

fn condition(world: &World) -> Option<PodCondition> {
    let conditions = world.typed("p").status.unwrap().conditions.unwrap();
    conditions.into_iter().find(|c| c.type_.starts_with("PodResize"))
}

fn events(world: &World) -> Vec<String> {
    let all = world.events().into_iter().filter(|e| e.starts_with("Resize"));
    all.map(|e| e.split_whitespace().next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_fits_is_granted_and_comes_into_force() {
    let world = running().await;
    assert_eq!(world.ran("update_container_resources"), 0);
    ask(&world, r#"{"requests":{"cpu":"25m"},"limits":{"memory":"30Mi"}}"#).await;
    assert_eq!(told(&world), "25m 25m/30Mi");
    assert_eq!((world.ran("update_container_resources"), container(&world).restart_count), (1, 0));
    assert!(condition(&world).is_none());
    assert_eq!(events(&world), ["ResizeStarted", "ResizeCompleted"]);
}

#[tokio::test(start_paused = true)]
async fn what_no_node_has_is_infeasible() {
    let world = running().await;
    ask(&world, r#"{"requests":{"cpu":"1000"},"limits":{"memory":"20Mi"}}"#).await;
    let pending = condition(&world).unwrap();
    assert_eq!((pending.type_.as_str(), pending.reason.as_deref()), ("PodResizePending", Some("Infeasible")));
    assert_eq!(told(&world), "20m 20m/20Mi");
    assert_eq!(events(&world), ["ResizeInfeasible"], "said once");
    ask(&world, r#"{"requests":{"cpu":"20m"},"limits":{"memory":"20Mi"}}"#).await;
    assert!(condition(&world).is_none());
}

#[tokio::test(start_paused = true)]
async fn memory_in_use_is_not_taken_away() {
    let mut world = running().await;
    let id = container(&world).container_id.unwrap();
    let id = id.rsplit('/').next().unwrap().to_owned();
    world.runtime.set_stats(&id, 0, 15 * MEBIBYTE);
    ask(&world, r#"{"requests":{"cpu":"20m"},"limits":{"memory":"10Mi"}}"#).await;
    let progress = condition(&world).unwrap();
    assert_eq!((progress.type_.as_str(), progress.reason.as_deref()), ("PodResizeInProgress", Some("Error")));
    let complaint = "attempting to set container \"a\" memory limit (10485760) below current usage (15728640)";
    assert!(progress.message.as_ref().unwrap().contains(complaint), "{:?}", progress.message);
    assert_eq!((told(&world), world.ran("update_container_resources")), ("20m 20m/20Mi".into(), 0));
    // Another run of the node goes on where the last one stopped.
    world.stop().await;
    world.start().await;
    world.runtime.set_stats(&id, 0, 5 * MEBIBYTE);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(told(&world), "20m 20m/10Mi");
    assert!(condition(&world).is_none());
}
