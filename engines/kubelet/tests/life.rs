//! Pods from their binding to their end.

mod world;

use client::{PatchKind, Request};
use cri::fake::{ExecReply, ImageScript, Life};
use meta::Key;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;
use world::{World, gvr};

#[tokio::test(start_paused = true)]
async fn a_pod_runs_and_ends() {
    let world = World::new().await;
    world.pod("p", r#"{"containers":[{"name":"a","image":"web:1"},{"name":"b","image":"web:1"}]}"#);
    world.until("p", "Running a:running/ready b:running/ready").await;
    let status = world.typed("p").status.unwrap();
    assert_eq!(status.host_ip.as_deref(), Some("192.0.2.1"));
    assert!(status.pod_ip.is_some_and(|ip| ip.starts_with("10.88.")));
    assert_eq!(status.qos_class.as_deref(), Some("BestEffort"));
    let container = &status.container_statuses.unwrap()[0];
    assert_eq!(container.image, "web:1");
    assert!(container.container_id.as_ref().unwrap().contains("://"));
    world.delete("p", None);
    world.until("p", "gone").await;
    assert!(world.ran("remove_pod_sandbox") >= 1);
    let left = std::fs::read_dir(world.directory.path().join("kubelet/pods")).unwrap().count();
    assert_eq!(left, 0, "nothing of the pod is left on disk");
}

#[tokio::test(start_paused = true)]
async fn the_node_is_registered_and_alive() {
    let world = World::new().await;
    tokio::time::sleep(Duration::from_secs(25)).await;
    let node = world.api.get(&gvr("nodes"), &Key::cluster("node")).unwrap();
    let value = node.value();
    assert_eq!(value.str("status.nodeInfo.kubeletVersion"), "v1.35.4");
    assert_eq!(value.str("status.capacity.pods"), "110");
    let ready = value.items("status.conditions").iter().find(|c| c.str("type") == "Ready").unwrap();
    assert_eq!((ready.str("status"), ready.str("reason")), ("True", "KubeletReady"));
    let leases = meta::Gvr::new("coordination.k8s.io", "v1", "leases");
    let lease = world.api.get(&leases, &Key::new("kube-node-lease", "node")).unwrap();
    let first = lease.value().str("spec.renewTime").to_owned();
    tokio::time::sleep(Duration::from_secs(11)).await;
    let lease = world.api.get(&leases, &Key::new("kube-node-lease", "node")).unwrap();
    assert!(lease.value().str("spec.renewTime") > first.as_str());
}

#[tokio::test(start_paused = true)]
async fn a_job_succeeds_and_another_fails() {
    let world = World::new().await;
    let spec = |command: &str| {
        format!(r#"{{"restartPolicy":"Never","containers":[{{"name":"a","image":"i","command":["{command}"]}}]}}"#)
    };
    world.pod("good", &spec("true"));
    world.pod("bad", &spec("false"));
    world.until("good", "Succeeded a:Completed(0)").await;
    world.until("bad", "Failed a:Error(1)").await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_backs_off() {
    let world = World::new().await;
    world.pod("p", r#"{"restartPolicy":"Always","containers":[{"name":"a","image":"i","command":["false"]}]}"#);
    world.until("p", "Running a:CrashLoopBackOff#1").await;
    world.until("p", "Running a:CrashLoopBackOff#4").await;
    let message = world.typed("p").status.unwrap().container_statuses.unwrap()[0].clone();
    let waiting = message.state.unwrap().waiting.unwrap().message.unwrap();
    assert!(waiting.starts_with("back-off 1m20s restarting failed container=a pod=p_default("), "{waiting}");
    assert_eq!(message.last_state.unwrap().terminated.unwrap().exit_code, 1);
    assert!(world.events().iter().any(|e| e.starts_with("BackOff Back-off restarting failed container a in pod p_")));
}

#[tokio::test(start_paused = true)]
async fn init_containers_come_first() {
    let world = World::new().await;
    world.pod(
        "p",
        r#"{"initContainers":[{"name":"i","image":"i","command":["sleep","5"]},
            {"name":"s","image":"i","restartPolicy":"Always"}],"containers":[{"name":"a","image":"i"}]}"#,
    );
    world.until("p", "Pending i:running s:PodInitializing a:PodInitializing").await;
    world.until("p", "Running i:Completed(0)/ready s:running/ready a:running/ready").await;
}

#[tokio::test(start_paused = true)]
async fn an_image_that_cannot_be_pulled() {
    let world = World::new().await;
    let broken = ImageScript { pull_error: Some("no such host".into()), ..ImageScript::default() };
    world.runtime.script("broken:1", broken);
    world.pod("p", r#"{"containers":[{"name":"a","image":"broken:1"}]}"#);
    world.until("p", "Pending a:ErrImagePull").await;
    world.until("p", "Pending a:ImagePullBackOff").await;
    assert!(world.events().iter().any(|e| e == "Failed Failed to pull image \"broken:1\": no such host"));
    world.runtime.script("broken:1", ImageScript::default());
    world.until("p", "Running a:running/ready").await;
    world.pod("never", r#"{"containers":[{"name":"a","image":"absent:1","imagePullPolicy":"Never"}]}"#);
    world.until("never", "Pending a:ErrImageNeverPull").await;
    world.pod("invalid", r#"{"containers":[{"name":"a","image":"UPPER"}]}"#);
    world.until("invalid", "Pending a:InvalidImageName").await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_config_map_is_waited_for() {
    let world = World::new().await;
    world.pod(
        "p",
        r#"{"containers":[{"name":"a","image":"i","env":[{"name":"X","valueFrom":
            {"configMapKeyRef":{"name":"cm","key":"k"}}}]}]}"#,
    );
    world.until("p", "Pending a:CreateContainerConfigError").await;
    world.object("configmaps", r#"{"metadata":{"name":"cm"},"data":{"k":"v"}}"#);
    world.until("p", "Running a:running/ready").await;
}

#[tokio::test(start_paused = true)]
async fn volumes_follow_their_config_map() {
    let world = World::new().await;
    world.object("configmaps", r#"{"metadata":{"name":"cm"},"data":{"k":"one"}}"#);
    world.pod(
        "p",
        r#"{"volumes":[{"name":"v","configMap":{"name":"cm"}},{"name":"e","emptyDir":{"medium":"Memory"}}],
            "containers":[{"name":"a","image":"i","volumeMounts":[{"name":"v","mountPath":"/v"},
            {"name":"e","mountPath":"/e","subPath":"x/y"}]}]}"#,
    );
    world.until("p", "Running a:running/ready").await;
    let uid = world.typed("p").metadata.uid.unwrap();
    let root = world.directory.path().join("kubelet/pods").join(uid).join("volumes");
    let file = root.join("kubernetes.io~configmap/v/k");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one");
    assert!(root.join("kubernetes.io~empty-dir/e/x/y").is_dir());
    let key = Key::new("default", "cm");
    let patch = meta::value!({"data": {"k": "two"}});
    let request = client::Request::patch(gvr("configmaps"), key, client::PatchKind::Merge, patch);
    world.api.now(&request).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
    assert_eq!(world.summary("p"), "Running a:running/ready");
}

/// An image whose execs answer with the number that a test sets.
fn answering(code: &Arc<AtomicI32>) -> ImageScript {
    let code = code.clone();
    let answer = move |_: &[String]| ExecReply { code: code.load(Ordering::Relaxed), ..ExecReply::default() };
    ImageScript { exec: Some(Arc::new(answer)), ..ImageScript::default() }
}

#[tokio::test(start_paused = true)]
async fn probes_make_ready_and_kill() {
    let world = World::new().await;
    let code = Arc::new(AtomicI32::new(1));
    world.runtime.script("probed:1", answering(&code));
    world.pod(
        "p",
        r#"{"restartPolicy":"Always","containers":[{"name":"a","image":"probed:1",
            "startupProbe":{"exec":{"command":["x"]},"periodSeconds":2,"failureThreshold":60},
            "readinessProbe":{"exec":{"command":["x"]},"periodSeconds":3},
            "livenessProbe":{"exec":{"command":["x"]},"periodSeconds":5,"failureThreshold":3}}]}"#,
    );
    world.until("p", "Running a:running").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.summary("p"), "Running a:running");
    code.store(0, Ordering::Relaxed);
    world.until("p", "Running a:running/ready").await;
    code.store(1, Ordering::Relaxed);
    world.until("p", "Running a:running#1").await;
    assert!(world.events().iter().any(|e| e == "Killing Container a failed liveness probe, will be restarted"));
    assert!(world.events().iter().any(|e| e.starts_with("Unhealthy Readiness probe failed:")));
}

#[tokio::test(start_paused = true)]
async fn grace_is_given_and_may_be_shortened() {
    let world = World::new().await;
    let slow = ImageScript { stop_takes: Duration::from_secs(3600), ..ImageScript::default() };
    world.runtime.script("slow:1", slow);
    for name in ["p", "q", "r"] {
        world.pod(name, r#"{"terminationGracePeriodSeconds":20,"containers":[{"name":"a","image":"slow:1"}]}"#);
        world.until(name, "Running a:running/ready").await;
    }
    let took = async |name: &str| {
        let began = tokio::time::Instant::now();
        world.until(name, "gone").await;
        began.elapsed().as_secs()
    };
    world.delete("p", None);
    assert!((20..22).contains(&took("p").await));
    world.delete("q", None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.delete("q", Some(1));
    assert!(took("q").await < 5);
    world.delete("r", Some(0));
    assert_eq!(world.summary("r"), "gone");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(world.kubelet.as_ref().unwrap().pods().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_kubelet_adopts_what_runs() {
    let mut world = World::new().await;
    world.pod("stays", r#"{"containers":[{"name":"a","image":"i"}]}"#);
    world.pod("goes", r#"{"containers":[{"name":"a","image":"i"}]}"#);
    world.until("stays", "Running a:running/ready").await;
    world.until("goes", "Running a:running/ready").await;
    let id = world.typed("stays").status.unwrap().container_statuses.unwrap()[0].container_id.clone();
    world.stop().await;
    world.delete("goes", Some(0));
    let created = world.ran("create_container");
    world.start().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.summary("stays"), "Running a:running/ready");
    assert_eq!(world.typed("stays").status.unwrap().container_statuses.unwrap()[0].container_id, id);
    assert_eq!(world.ran("create_container"), created, "nothing was made anew");
    assert!(world.ran("remove_pod_sandbox") >= 1, "what nobody asks for is gone");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_refused() {
    let world = World::new().await;
    world.pod("p", r#"{"containers":[{"name":"a","image":"i","resources":{"requests":{"cpu":"9000"}}}]}"#);
    world.until("p", "Failed(OutOfcpu)").await;
    world.delete("p", None);
    world.until("p", "gone").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_of_the_runtime_while_nothing_happens() {
    let world = World::new().await;
    world.pod("p", r#"{"containers":[{"name":"a","image":"i"}]}"#);
    world.until("p", "Running a:running/ready").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = world.ran("container_status") + world.ran("list_pod_sandbox");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let after = world.ran("container_status") + world.ran("list_pod_sandbox");
    assert!(after - before <= 7, "only the log chore looks: {}", after - before);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_cannot_start() {
    let world = World::new().await;
    let broken = ImageScript { life: Life::CannotStart, ..ImageScript::default() };
    world.runtime.script("broken:1", broken);
    world.pod("p", r#"{"restartPolicy":"Always","containers":[{"name":"a","image":"broken:1","command":["nope"]}]}"#);
    world.until("p", "Running a:RunContainerError").await;
    world.until("p", "Running a:CrashLoopBackOff#1").await;
}

#[tokio::test(start_paused = true)]
async fn a_volume_over_its_limit_ends_its_pod() {
    let world = World::new().await;
    world.pod(
        "p",
        r#"{"volumes":[{"name":"e","emptyDir":{"sizeLimit":"1Mi"}}],"containers":[{"name":"a","image":"i"}]}"#,
    );
    world.until("p", "Running a:running/ready").await;
    let uid = world.typed("p").metadata.uid.unwrap();
    let volume = world.directory.path().join("kubelet/pods").join(uid).join("volumes/kubernetes.io~empty-dir/e");
    std::fs::write(volume.join("big"), vec![1; 2 << 20]).unwrap();
    world.until("p", "Failed(Evicted) a:Error(143)").await;
    let message = world.typed("p").status.unwrap().message.unwrap();
    assert_eq!(message, "Usage of EmptyDir volume \"e\" exceeds the limit \"1Mi\". ");
}

#[tokio::test(start_paused = true)]
async fn a_runtime_class_that_is_not_there_is_told() {
    let world = World::new().await;
    world.pod("p", r#"{"runtimeClassName":"none","containers":[{"name":"a","image":"i"}]}"#);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.summary("p"), "Pending a:ContainerCreating");
    assert!(world.events().iter().any(|e| e.starts_with("FailedCreatePodSandBox Failed to create pod sandbox: ")));
}

#[tokio::test(start_paused = true)]
async fn a_label_that_came_a_moment_ago_counts() {
    let world = World::new().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let patch = meta::value!({"metadata": {"labels": {"color": "blue"}}});
    world.api.now(&Request::patch(gvr("nodes"), Key::cluster("node"), PatchKind::Merge, patch)).unwrap();
    let spec =
        |color: &str| format!(r#"{{"nodeSelector":{{"color":"{color}"}},"containers":[{{"name":"a","image":"i"}}]}}"#);
    world.pod("blue", &spec("blue"));
    world.pod("red", &spec("red"));
    world.until("blue", "Running a:running/ready").await;
    world.until("red", "Failed(NodeAffinity)").await;
}
