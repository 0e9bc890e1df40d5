//! The promises themselves.

use futures::FutureExt;
use tokio::io::AsyncWriteExt;

use super::Case;
use super::subject::{Subject, read_all};
use crate::Error;
use crate::v1::*;

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        &[$(Case { name: stringify!($name), run: |subject| $name(subject).boxed() }),*]
    };
}

pub(super) const ALL: &[Case] = cases![
    a_runtime_says_that_it_is_ready,
    a_sandbox_is_ready_until_stopped,
    an_unknown_subject_is_not_found_but_removing_it_succeeds,
    a_container_lives_through_its_states,
    a_container_ends_by_itself_with_its_code,
    a_failing_program_shows_its_code,
    a_program_that_does_not_exist_is_a_start_error,
    a_container_starts_once,
    a_stop_without_grace_kills,
    stopping_a_sandbox_stops_its_containers,
    a_stopped_sandbox_takes_no_container,
    an_unknown_image_makes_no_container,
    containers_are_listed_by_label_and_state,
    exec_sync_returns_output_and_code,
    exec_sync_past_its_timeout_fails,
    exec_in_a_created_container_fails,
    exec_streams_go_both_ways,
    attach_tells_the_exit_code,
    stats_name_the_container,
    images_are_known_by_name_and_id,
];

async fn a_runtime_says_that_it_is_ready(on: &Subject) {
    let version = on.runtime.version(VersionRequest::default()).await.expect("a version");
    assert_eq!(version.runtime_api_version, "v1");
    let status = on.runtime.status(StatusRequest::default()).await.expect("a status").status.expect("conditions");
    for kind in ["RuntimeReady", "NetworkReady"] {
        assert!(status.conditions.iter().any(|it| it.r#type == kind && it.status), "{kind} is missing or false");
    }
}

async fn a_sandbox_is_ready_until_stopped(on: &Subject) {
    let id = on.sandbox("ready").await;
    let status = on.sandbox_status(&id).await.expect("known");
    assert_eq!(status.state(), PodSandboxState::SandboxReady);
    assert_eq!(status.metadata.expect("metadata").name, "ready");
    assert!(status.created_at > 0);
    let stop = StopPodSandboxRequest { pod_sandbox_id: id.clone() };
    on.runtime.stop_pod_sandbox(stop.clone()).await.expect("stops");
    on.runtime.stop_pod_sandbox(stop).await.expect("stops again");
    assert_eq!(on.sandbox_status(&id).await.expect("still known").state(), PodSandboxState::SandboxNotready);
    on.drop_sandbox(&id).await;
    assert!(on.sandbox_status(&id).await.expect_err("gone").is_not_found());
}

async fn an_unknown_subject_is_not_found_but_removing_it_succeeds(on: &Subject) {
    let request = ContainerStatusRequest { container_id: "nobody".into(), verbose: false };
    assert!(on.runtime.container_status(request).await.expect_err("unknown").is_not_found());
    assert!(on.sandbox_status("nobody").await.expect_err("unknown").is_not_found());
    assert!(on.try_start("nobody").await.expect_err("unknown").is_not_found());
    on.stop("nobody", 1).await;
    on.remove("nobody").await;
    on.drop_sandbox("nobody").await;
}

async fn a_container_lives_through_its_states(on: &Subject) {
    let mut events = on.runtime.container_events();
    let sandbox = on.sandbox("states").await;
    let id = on.container(&sandbox, "states", &["sleep", "1000"]).await;
    on.event(&mut events, &id, ContainerEventType::ContainerCreatedEvent).await;
    assert_eq!(on.status(&id).await.state(), ContainerState::ContainerCreated);
    on.start(&id).await;
    on.event(&mut events, &id, ContainerEventType::ContainerStartedEvent).await;
    let running = on.status(&id).await;
    assert_eq!(running.state(), ContainerState::ContainerRunning);
    assert!(running.started_at >= running.created_at && running.finished_at == 0, "{running:?}");
    on.stop(&id, 0).await;
    let ended = on.status(&id).await;
    assert_eq!(ended.state(), ContainerState::ContainerExited);
    assert!(ended.finished_at >= ended.started_at, "{ended:?}");
    on.event(&mut events, &id, ContainerEventType::ContainerStoppedEvent).await;
    on.remove(&id).await;
    on.event(&mut events, &id, ContainerEventType::ContainerDeletedEvent).await;
    on.drop_sandbox(&sandbox).await;
}

async fn ends_with(on: &Subject, name: &str, command: &[&str], code: i32, reason: &str) {
    let mut events = on.runtime.container_events();
    let sandbox = on.sandbox(name).await;
    let id = on.container(&sandbox, name, command).await;
    on.start(&id).await;
    let ended = on.ended(&mut events, &id).await;
    assert_eq!((ended.state(), ended.exit_code), (ContainerState::ContainerExited, code));
    assert_eq!(ended.reason, reason);
    on.drop_sandbox(&sandbox).await;
}

async fn a_container_ends_by_itself_with_its_code(on: &Subject) {
    ends_with(on, "done", &["true"], 0, "Completed").await;
}

async fn a_failing_program_shows_its_code(on: &Subject) {
    ends_with(on, "failed", &["false"], 1, "Error").await;
}

async fn a_program_that_does_not_exist_is_a_start_error(on: &Subject) {
    let sandbox = on.sandbox("absent").await;
    let id = on.container(&sandbox, "absent", &["no-such-program"]).await;
    let error = on.try_start(&id).await.expect_err("nothing to run");
    assert!(error.message().contains("executable file not found in $PATH"), "{error}");
    let status = on.status(&id).await;
    assert_eq!((status.state(), status.exit_code), (ContainerState::ContainerExited, 128));
    assert_eq!(status.reason, "StartError");
    on.drop_sandbox(&sandbox).await;
}

async fn a_container_starts_once(on: &Subject) {
    let sandbox = on.sandbox("once").await;
    let id = on.container(&sandbox, "once", &["sleep", "1000"]).await;
    on.start(&id).await;
    let error = on.try_start(&id).await.expect_err("it runs already");
    assert!(matches!(error, Error::FailedPrecondition(_)), "{error:?}");
    on.drop_sandbox(&sandbox).await;
}

async fn a_stop_without_grace_kills(on: &Subject) {
    let sandbox = on.sandbox("killed").await;
    let id = on.container(&sandbox, "killed", &["sleep", "1000"]).await;
    on.start(&id).await;
    on.stop(&id, 0).await;
    assert_eq!(on.status(&id).await.exit_code, 137);
    on.drop_sandbox(&sandbox).await;
}

async fn stopping_a_sandbox_stops_its_containers(on: &Subject) {
    let sandbox = on.sandbox("together").await;
    let id = on.container(&sandbox, "together", &["sleep", "1000"]).await;
    on.start(&id).await;
    let stop = StopPodSandboxRequest { pod_sandbox_id: sandbox.clone() };
    on.runtime.stop_pod_sandbox(stop).await.expect("stops");
    assert_eq!(on.status(&id).await.state(), ContainerState::ContainerExited);
    on.drop_sandbox(&sandbox).await;
    let request = ContainerStatusRequest { container_id: id, verbose: false };
    assert!(on.runtime.container_status(request).await.expect_err("gone with its sandbox").is_not_found());
}

async fn a_stopped_sandbox_takes_no_container(on: &Subject) {
    let sandbox = on.sandbox("closed").await;
    let stop = StopPodSandboxRequest { pod_sandbox_id: sandbox.clone() };
    on.runtime.stop_pod_sandbox(stop).await.expect("stops");
    let config = Some(on.container_config("late", &["true"]));
    let request = CreateContainerRequest { pod_sandbox_id: sandbox.clone(), config, sandbox_config: None };
    assert!(on.runtime.create_container(request).await.is_err());
    on.drop_sandbox(&sandbox).await;
}

async fn an_unknown_image_makes_no_container(on: &Subject) {
    let sandbox = on.sandbox("imageless").await;
    let image = Some(ImageSpec { image: "example.invalid/none:1".into(), ..ImageSpec::default() });
    let config = Some(ContainerConfig { image, ..on.container_config("imageless", &["true"]) });
    let request = CreateContainerRequest { pod_sandbox_id: sandbox.clone(), config, sandbox_config: None };
    assert!(on.runtime.create_container(request).await.expect_err("no such image").is_not_found());
    on.drop_sandbox(&sandbox).await;
}

async fn containers_are_listed_by_label_and_state(on: &Subject) {
    let sandbox = on.sandbox("listed").await;
    let one = on.container(&sandbox, "one", &["sleep", "1000"]).await;
    let two = on.container(&sandbox, "two", &["sleep", "1000"]).await;
    on.start(&two).await;
    let ids = |found: Vec<Container>| found.into_iter().map(|it| it.id).collect::<Vec<_>>();
    let by_label = ContainerFilter { label_selector: [("case".into(), "one".into())].into(), ..Default::default() };
    assert_eq!(ids(on.listed(by_label).await), [one.as_str()]);
    let running = Some(ContainerStateValue { state: ContainerState::ContainerRunning.into() });
    let by_state = ContainerFilter { state: running, pod_sandbox_id: sandbox.clone(), ..ContainerFilter::default() };
    assert_eq!(ids(on.listed(by_state).await), [two.as_str()]);
    on.drop_sandbox(&sandbox).await;
}

async fn exec_sync_returns_output_and_code(on: &Subject) {
    let sandbox = on.sandbox("exec").await;
    let id = on.container(&sandbox, "exec", &["sleep", "1000"]).await;
    on.start(&id).await;
    let said = on.exec_sync(&id, &["echo", "hello"], 10).await.expect("it runs");
    assert_eq!((said.stdout.as_slice(), said.exit_code), (b"hello\n".as_slice(), 0));
    assert_eq!(on.exec_sync(&id, &["false"], 0).await.expect("it runs").exit_code, 1);
    on.drop_sandbox(&sandbox).await;
}

async fn exec_sync_past_its_timeout_fails(on: &Subject) {
    let sandbox = on.sandbox("slow").await;
    let id = on.container(&sandbox, "slow", &["sleep", "1000"]).await;
    on.start(&id).await;
    let error = on.exec_sync(&id, &["sleep", "100"], 1).await.expect_err("too slow");
    assert!(matches!(error, Error::DeadlineExceeded(_)), "{error:?}");
    on.drop_sandbox(&sandbox).await;
}

async fn exec_in_a_created_container_fails(on: &Subject) {
    let sandbox = on.sandbox("early").await;
    let id = on.container(&sandbox, "early", &["sleep", "1000"]).await;
    assert!(on.exec_sync(&id, &["true"], 1).await.is_err());
    on.drop_sandbox(&sandbox).await;
}

async fn exec_streams_go_both_ways(on: &Subject) {
    let sandbox = on.sandbox("streams").await;
    let id = on.container(&sandbox, "streams", &["sleep", "1000"]).await;
    on.start(&id).await;
    let cmd = vec!["cat".to_owned()];
    let request = ExecRequest { container_id: id, cmd, tty: false, stdin: true, stdout: true, stderr: true };
    let mut session = on.runtime.exec(request).await.expect("a session");
    let mut stdin = session.stdin.take().expect("stdin was asked for");
    stdin.write_all(b"there and back").await.expect("it listens");
    stdin.shutdown().await.expect("closing");
    drop(stdin);
    assert_eq!(read_all(session.stdout.take()).await, "there and back");
    assert_eq!(session.exit.await.expect("it ends"), 0);
    on.drop_sandbox(&sandbox).await;
}

async fn attach_tells_the_exit_code(on: &Subject) {
    let sandbox = on.sandbox("attached").await;
    let id = on.container(&sandbox, "attached", &["sleep", "1000"]).await;
    on.start(&id).await;
    let request = AttachRequest { container_id: id.clone(), stdin: false, tty: false, stdout: true, stderr: false };
    let session = on.runtime.attach(request).await.expect("a session");
    on.stop(&id, 0).await;
    assert_eq!(session.exit.await.expect("it ends"), 137);
    on.drop_sandbox(&sandbox).await;
}

async fn stats_name_the_container(on: &Subject) {
    let sandbox = on.sandbox("stats").await;
    let id = on.container(&sandbox, "stats", &["sleep", "1000"]).await;
    on.start(&id).await;
    let request = ContainerStatsRequest { container_id: id.clone() };
    let stats = on.runtime.container_stats(request).await.expect("stats").stats.expect("stats");
    assert_eq!(stats.attributes.expect("attributes").id, id);
    assert!(stats.cpu.and_then(|cpu| cpu.usage_core_nano_seconds).is_some());
    assert!(stats.memory.and_then(|memory| memory.working_set_bytes).is_some());
    let request = PodSandboxStatsRequest { pod_sandbox_id: sandbox.clone() };
    let stats = on.runtime.pod_sandbox_stats(request).await.expect("stats").stats.expect("stats");
    assert_eq!(stats.linux.expect("linux").containers.len(), 1);
    on.drop_sandbox(&sandbox).await;
}

async fn images_are_known_by_name_and_id(on: &Subject) {
    let ask = |image: String| ImageStatusRequest {
        image: Some(ImageSpec { image, ..ImageSpec::default() }),
        ..ImageStatusRequest::default()
    };
    let by_name = on.images.image_status(ask(on.image.clone())).await.expect("an answer").image.expect("present");
    assert!(by_name.id.starts_with("sha256:"), "{by_name:?}");
    let by_id = on.images.image_status(ask(by_name.id.clone())).await.expect("an answer").image.expect("present");
    assert_eq!(by_id.id, by_name.id);
    let unknown = on.images.image_status(ask("example.invalid/none:1".into())).await.expect("no error");
    assert_eq!(unknown.image, None);
}
