//! The fake passes the suite, and its scripts do what they say. Time is virtual throughout.

use std::sync::Arc;
use std::time::Duration;

use clock::VirtualClock;
use cri::conformance::{self, Subject};
use cri::fake::{FakeRuntime, ImageScript, Life};
use cri::v1::*;
use cri::{Images, Runtime};

const IMAGE: &str = "example.test/tools:1";

fn subject() -> (FakeRuntime, Subject) {
    let fake = FakeRuntime::new(Arc::new(VirtualClock::new(1)));
    fake.add_image(IMAGE);
    let runtime: Arc<FakeRuntime> = Arc::new(fake.clone());
    let subject =
        Subject { runtime: runtime.clone(), images: runtime, image: IMAGE.into(), log_directory: String::new() };
    (fake, subject)
}

#[tokio::test(start_paused = true)]
async fn the_fake_conforms() {
    conformance::run(&subject().1).await;
}

async fn started(fake: &FakeRuntime, subject: &Subject, script: ImageScript) -> String {
    fake.script(IMAGE, script);
    let sandbox = subject.sandbox("scripted").await;
    let id = subject.container(&sandbox, "scripted", &[]).await;
    subject.start(&id).await;
    id
}

#[tokio::test(start_paused = true)]
async fn a_script_ends_a_container_at_its_hour() {
    let (fake, subject) = subject();
    let after = Duration::from_secs(3600);
    let script =
        ImageScript { life: Life::Exits { after, code: 7 }, output: vec!["hello".into()], ..Default::default() };
    let id = started(&fake, &subject, script).await;
    assert_eq!(fake.logs(&id)[0].text, "hello");
    tokio::time::sleep(after + Duration::from_secs(1)).await;
    let status = subject.status(&id).await;
    assert_eq!((status.exit_code, status.finished_at - status.started_at), (7, 3_600_000_000_000));
}

#[tokio::test(start_paused = true)]
async fn running_out_of_memory_has_its_own_reason() {
    let (fake, subject) = subject();
    let life = Life::OutOfMemory { after: Duration::from_secs(1) };
    let id = started(&fake, &subject, ImageScript { life, ..Default::default() }).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let status = subject.status(&id).await;
    assert_eq!((status.exit_code, status.reason.as_str()), (137, "OOMKilled"));
}

async fn check_stop(takes: u64, grace: i64, expect: (i32, i64)) {
    let (fake, subject) = subject();
    let script = ImageScript { stop_takes: Duration::from_secs(takes), ..Default::default() };
    let id = started(&fake, &subject, script).await;
    subject.stop(&id, grace).await;
    let status = subject.status(&id).await;
    let seconds = (status.finished_at - status.started_at) / 1_000_000_000;
    assert_eq!((status.exit_code, seconds), expect, "takes {takes}, grace {grace}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_the_process_but_not_past_the_grace() {
    check_stop(0, 30, (143, 0)).await;
    check_stop(5, 30, (143, 5)).await;
    check_stop(60, 30, (137, 30)).await;
    check_stop(5, 0, (137, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn pulls_take_time_and_fail_as_told() {
    let (fake, _) = subject();
    let pull = |image: &str| PullImageRequest {
        image: Some(ImageSpec { image: image.into(), ..Default::default() }),
        ..Default::default()
    };
    fake.script("slow:1", ImageScript { pull_takes: Duration::from_secs(9), ..Default::default() });
    let before = tokio::time::Instant::now();
    assert!(fake.pull_image(pull("slow:1")).await.expect("pulled").image_ref.starts_with("sha256:"));
    assert_eq!(before.elapsed().as_secs(), 9);
    fake.script("bad:1", ImageScript { pull_error: Some("manifest unknown".into()), ..Default::default() });
    assert_eq!(fake.pull_image(pull("bad:1")).await.expect_err("told to").message(), "manifest unknown");
}

#[tokio::test(start_paused = true)]
async fn told_failures_come_once_and_calls_are_noted() {
    let (fake, _) = subject();
    fake.fail_next("version", cri::Error::Unavailable("away".into()));
    assert!(fake.version(VersionRequest::default()).await.is_err());
    assert!(fake.version(VersionRequest::default()).await.is_ok());
    assert_eq!(fake.calls(), ["version", "version"]);
}

#[tokio::test(start_paused = true)]
async fn a_reboot_ends_everything_but_the_records() {
    let (fake, subject) = subject();
    let id = started(&fake, &subject, ImageScript::default()).await;
    fake.reboot();
    let status = subject.status(&id).await;
    assert_eq!((status.state(), status.exit_code), (ContainerState::ContainerExited, 255));
}

#[tokio::test(start_paused = true)]
async fn addresses_stay_in_their_net_and_belong_to_one_sandbox() {
    let fake = FakeRuntime::new(Arc::new(VirtualClock::new(1))).with_net(3);
    let run = || fake.run_pod_sandbox(RunPodSandboxRequest { config: Some(Default::default()), ..Default::default() });
    let mut given = std::collections::BTreeMap::new();
    for _ in 0..254 {
        let id = run().await.unwrap().pod_sandbox_id;
        let status = fake.pod_sandbox_status(PodSandboxStatusRequest { pod_sandbox_id: id.clone(), verbose: false });
        given.insert(status.await.unwrap().status.unwrap().network.unwrap().ip, id);
    }
    assert_eq!(given.len(), 254);
    assert!(given.keys().all(|ip| ip.starts_with("10.88.3.")));
    run().await.expect_err("all are taken");
    let (ip, id) = given.pop_first().unwrap();
    fake.remove_pod_sandbox(RemovePodSandboxRequest { pod_sandbox_id: id }).await.unwrap();
    let again = run().await.unwrap().pod_sandbox_id;
    let status = fake.pod_sandbox_status(PodSandboxStatusRequest { pod_sandbox_id: again, verbose: false });
    assert_eq!(status.await.unwrap().status.unwrap().network.unwrap().ip, ip);
}
