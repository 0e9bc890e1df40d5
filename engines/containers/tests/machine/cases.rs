//! What must hold on a real kernel.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use containers::Containers;
use cri::Runtime;
use cri::conformance::{self, Subject};
use cri::v1::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::place::{self, IMAGE, Place, mount, security, with_resources, with_security};

type Case = for<'a> fn(&'a Place) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), |place| Box::pin($name(place)))),*]
    };
}

pub const ALL: &[(&str, Case)] = cases![
    conforms,
    only_known_handlers_are_taken,
    from_image_to_reset,
    survives_a_restart,
    survives_its_supervisor,
    identity_is_what_was_asked,
    security_is_on_by_default,
    mounts_are_what_was_asked,
    logs_are_in_cri_form,
    memory_has_a_limit,
    a_pod_shares_what_it_should,
    terminals_have_a_size,
    a_builtin_image_runs,
    a_pod_may_use_the_host,
    images_come_from_registries,
    images_come_from_layouts,
    killed_at_any_moment,
    removed_under_its_feet,
];

const SECONDS: Duration = Duration::from_secs(20);

async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + SECONDS;
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what} does not come true");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn said(subject: &Subject, container: &str, command: &[&str]) -> String {
    let answer = subject.exec_sync(container, command, 10).await.expect("the command runs");
    format!("{}{}", String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr)).trim().to_owned()
}

async fn running(subject: &Subject, sandbox: &str, config: ContainerConfig) -> String {
    let id = subject.container_of(sandbox, config).await;
    subject.start(&id).await;
    id
}

async fn reset(runtime: &Arc<Containers>) {
    runtime.reset().await.expect("everything goes");
}

async fn conforms(place: &Place) {
    let runtime = place.with_image().await;
    conformance::run(&place.subject(&runtime)).await;
    reset(&runtime).await;
}

async fn only_known_handlers_are_taken(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    for (runtime_handler, taken) in [("", true), ("k1s", true), ("other", false)] {
        let config = Some(on.sandbox_config("handler"));
        let answer = runtime.run_pod_sandbox(RunPodSandboxRequest { config, runtime_handler: runtime_handler.into() });
        assert_eq!(answer.await.is_ok(), taken, "{runtime_handler}");
    }
    reset(&runtime).await;
}

async fn from_image_to_reset(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("whole").await;
    let id =
        running(&on, &sandbox, on.container_config("whole", &["sh", "-c", "echo out; echo err >&2; sleep 1000"])).await;
    assert_eq!(said(&on, &id, &["hostname"]).await, "whole");
    assert_eq!(said(&on, &id, &["sh", "-c", "echo $FROM $$"]).await.split(' ').next(), Some("image"));
    assert_eq!(said(&on, &id, &["sh", "-c", "ls -d /proc/1 && cat /proc/1/comm"]).await, "/proc/1\nsleep");
    assert_eq!(said(&on, &id, &["sh", "-c", "pwd"]).await, "/work");
    wait_until("the log", || place.log("whole").lines().count() == 2).await;
    on.stop(&id, 0).await;
    assert_eq!(on.status(&id).await.exit_code, 137);
    reset(&runtime).await;
}

/// As kill -9 leaves it: nothing is closed, nothing is said; what the old one knew is forgotten.
fn crash(runtime: Arc<Containers>) {
    drop(runtime);
}

async fn survives_a_restart(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("again").await;
    let lives =
        running(&on, &sandbox, on.container_config("lives", &["sh", "-c", "while sleep 0.05; do echo tick; done"]))
            .await;
    let ends = running(&on, &sandbox, on.container_config("ends", &["sh", "-c", "sleep 0.3; exit 7"])).await;
    let created = on.container(&sandbox, "created", &["sleep", "1000"]).await;
    crash(runtime);
    drop(on);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let lines = place.log("lives").lines().count();
    let runtime = place.open().await;
    let on = place.subject(&runtime);
    assert_eq!(on.sandbox_status(&sandbox).await.expect("found").state(), PodSandboxState::SandboxReady);
    assert_eq!(on.status(&lives).await.state(), ContainerState::ContainerRunning);
    assert_eq!(
        (on.status(&ends).await.exit_code, on.status(&ends).await.state()),
        (7, ContainerState::ContainerExited)
    );
    assert!(lines > 3, "the log went on while nobody was there");
    on.start(&created).await;
    assert_eq!(said(&on, &lives, &["echo", "here"]).await, "here");
    on.stop(&lives, 0).await;
    assert_eq!(on.status(&lives).await.exit_code, 137);
    reset(&runtime).await;
}

async fn survives_its_supervisor(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("orphan").await;
    let id =
        running(&on, &sandbox, on.container_config("orphan", &["sh", "-c", "while sleep 0.05; do echo tick; done"]))
            .await;
    let before = place::processes_of(&place.data_dir().display().to_string());
    for pid in &before {
        std::process::Command::new("kill").args(["-9", pid]).status().expect("kill runs");
    }
    let data_dir = place.data_dir().display().to_string();
    wait_until("a new supervisor", || {
        let now = place::processes_of(&data_dir);
        !now.is_empty() && now != before
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(on.status(&id).await.state(), ContainerState::ContainerRunning);
    let lines = place.log("orphan").lines().count();
    wait_until("the log to go on", || place.log("orphan").lines().count() > lines + 2).await;
    assert_eq!(said(&on, &id, &["echo", "here"]).await, "here");
    on.stop(&id, 0).await;
    assert_eq!(on.status(&id).await.state(), ContainerState::ContainerExited);
    reset(&runtime).await;
}

async fn identity_is_what_was_asked(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("identity").await;
    let number = |value| Some(Int64Value { value });
    let web =
        LinuxContainerSecurityContext { run_as_username: "web".into(), supplemental_groups: vec![777], ..security() };
    let id = running(&on, &sandbox, with_security(on.container_config("web", &[]), web)).await;
    assert_eq!(said(&on, &id, &["sh", "-c", "id -u; id -g; id -G"]).await, "101\n102\n102 50 777");
    let numbers = LinuxContainerSecurityContext { run_as_user: number(5), run_as_group: number(6), ..security() };
    let id = running(&on, &sandbox, with_security(on.container_config("numbers", &[]), numbers)).await;
    assert_eq!(said(&on, &id, &["sh", "-c", "id -u; id -g; echo >/tmp/mine; stat -c %u /tmp/mine"]).await, "5\n6\n5");
    reset(&runtime).await;
}

async fn security_is_on_by_default(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("locked").await;
    let locked = LinuxContainerSecurityContext {
        readonly_rootfs: true,
        no_new_privs: true,
        masked_paths: vec!["/proc/meminfo".into(), "/proc/irq".into(), "/proc/absent".into()],
        readonly_paths: vec!["/proc/sys".into()],
        capabilities: Some(Capability { drop_capabilities: vec!["ALL".into()], ..Capability::default() }),
        ..security()
    };
    let id = running(&on, &sandbox, with_security(on.container_config("locked", &[]), locked)).await;
    let status = said(&on, &id, &["grep", "-E", "^(Cap(Eff|Bnd)|Seccomp|NoNewPrivs):", "/proc/1/status"]).await;
    let expect = "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2";
    assert_eq!(status, expect);
    assert!(said(&on, &id, &["sh", "-c", "echo 1 > /file"]).await.contains("Read-only file system"));
    assert!(
        said(&on, &id, &["sh", "-c", "echo 1 > /proc/sys/kernel/hostname"]).await.contains("Read-only file system")
    );
    assert_eq!(said(&on, &id, &["sh", "-c", "cat /proc/meminfo; ls /proc/irq"]).await, "");
    let usual = running(&on, &sandbox, on.container_config("usual", &[])).await;
    assert_eq!(said(&on, &usual, &["grep", "CapEff", "/proc/1/status"]).await, "CapEff:\t00000000a80425fb");
    assert!(said(&on, &usual, &["mount", "-t", "tmpfs", "none", "/tmp"]).await.contains("denied"));
    let disk = said(&on, &usual, &["sh", "-c", "mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk"]).await;
    assert!(disk.contains("not permitted"), "{disk}");
    let nodes = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero";
    assert_eq!(said(&on, &usual, &["sh", "-c", "echo $(ls /dev)"]).await, nodes);
    let privileged = LinuxContainerSecurityContext { privileged: true, ..security() };
    let all = running(&on, &sandbox, with_security(on.container_config("all", &[]), privileged)).await;
    assert_eq!(said(&on, &all, &["mount", "-t", "tmpfs", "none", "/tmp"]).await, "");
    reset(&runtime).await;
}

async fn mounts_are_what_was_asked(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let host = place.data_dir().with_file_name("volume");
    std::fs::create_dir_all(host.join("below")).expect("a directory");
    std::fs::write(host.join("below/file"), "from the host").expect("a file");
    let sandbox = on.sandbox("mounts").await;
    let mut config = on.container_config("mounts", &[]);
    config.mounts = vec![
        mount(&host.join("below/file"), "/etc/one/file", true),
        mount(&host, "/volume", false),
        mount(&host, "/fixed", true),
    ];
    let id = running(&on, &sandbox, config).await;
    assert_eq!(said(&on, &id, &["cat", "/etc/one/file"]).await, "from the host");
    assert_eq!(said(&on, &id, &["sh", "-c", "echo back > /volume/answer"]).await, "");
    assert_eq!(std::fs::read_to_string(host.join("answer")).expect("written"), "back\n");
    assert!(said(&on, &id, &["sh", "-c", "echo no > /fixed/x"]).await.contains("Read-only file system"));
    assert_eq!(said(&on, &id, &["sh", "-c", "echo $HOSTNAME; cat /etc/hostname"]).await, "mounts\nmounts");
    assert_eq!(said(&on, &id, &["sh", "-c", "echo x > /dev/shm/x && cat /dev/shm/x"]).await, "x");
    let table = said(&on, &id, &["cat", "/proc/self/mountinfo"]).await;
    let foreign = table.lines().filter(|line| line.split(' ').nth(4).is_some_and(|point| point.starts_with("/var")));
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&str>::new(), "the host's mounts are gone");
    reset(&runtime).await;
}

async fn logs_are_in_cri_form(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("logs").await;
    let script = "echo one; echo two >&2; printf three; sleep 1000";
    let id = running(&on, &sandbox, on.container_config("logs", &["sh", "-c", script])).await;
    wait_until("two lines", || place.log("logs").lines().count() == 2).await;
    let text = place.log("logs");
    let parts: Vec<Vec<&str>> = text.lines().map(|line| line.splitn(4, ' ').collect()).collect();
    assert!(parts.iter().any(|line| line[1..] == ["stdout", "F", "one"]), "{text}");
    assert!(parts.iter().any(|line| line[1..] == ["stderr", "F", "two"]), "{text}");
    assert_eq!(parts[0][0].len(), "2026-11-21T07:34:56.123456789Z".len());
    std::fs::rename(place.log_dir().join("logs.log"), place.log_dir().join("old.log")).expect("rotated");
    let request = ReopenContainerLogRequest { container_id: id.clone() };
    on.runtime.reopen_container_log(request).await.expect("reopened");
    on.stop(&id, 0).await;
    let text = place.log("logs");
    assert!(text.ends_with(" stdout P three\n") && text.lines().count() == 1, "{text}");
    reset(&runtime).await;
}

async fn memory_has_a_limit(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let mut events = runtime.container_events();
    let sandbox = on.sandbox("memory").await;
    let small = LinuxContainerResources { memory_limit_in_bytes: 16 << 20, cpu_shares: 512, ..Default::default() };
    let hungry = on.container_config("memory", &["tail", "/dev/zero"]);
    let id = running(&on, &sandbox, with_resources(hungry, small.clone())).await;
    let ended = on.ended(&mut events, &id).await;
    assert_eq!((ended.exit_code, ended.reason.as_str()), (137, "OOMKilled"));
    let id = running(&on, &sandbox, with_resources(on.container_config("calm", &["sleep", "1000"]), small)).await;
    let stats = on.runtime.container_stats(ContainerStatsRequest { container_id: id.clone() }).await.expect("stats");
    let memory = stats.stats.and_then(|stats| stats.memory).expect("memory");
    let known = |value: Option<UInt64Value>| value.map_or(0, |value| value.value);
    assert!(known(memory.available_bytes) > 0 && known(memory.available_bytes) <= 16 << 20, "{memory:?}");
    assert!(known(memory.usage_bytes) > 0, "{memory:?}");
    reset(&runtime).await;
}

async fn a_pod_shares_what_it_should(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let options = Some(NamespaceOption { pid: NamespaceMode::Pod.into(), ..NamespaceOption::default() });
    let mut config = on.sandbox_config("shared");
    let linux = config.linux.get_or_insert_default();
    linux.security_context =
        Some(LinuxSandboxSecurityContext { namespace_options: options.clone(), ..Default::default() });
    linux.sysctls = [("net.core.somaxconn".to_owned(), "77".to_owned())].into();
    let request = RunPodSandboxRequest { config: Some(config), runtime_handler: String::new() };
    let sandbox = on.runtime.run_pod_sandbox(request).await.expect("a sandbox").pod_sandbox_id;
    let shared = || LinuxContainerSecurityContext { namespace_options: options.clone(), ..Default::default() };
    let serve = "mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www";
    let mut web = with_security(on.container_config("web", &["/bin/busybox", "sh", "-c", serve]), shared());
    web.command = vec!["sh".into(), "-c".into(), serve.replace("mkdir", "/bin/busybox mkdir")];
    let web = running(&on, &sandbox, web).await;
    let other = running(&on, &sandbox, with_security(on.container_config("other", &["sleep", "1000"]), shared())).await;
    assert_eq!(said(&on, &other, &["cat", "/proc/sys/net/core/somaxconn"]).await, "77");
    assert!(said(&on, &other, &["sh", "-c", "cat /proc/[0-9]*/comm"]).await.contains("httpd"));
    let orphan = "(sleep 0.1 & exit 0); sleep 0.4; grep -l '^State:.Z' /proc/[0-9]*/status";
    assert_eq!(said(&on, &other, &["sh", "-c", orphan]).await, "", "the pod's first process reaps orphans");
    said(&on, &other, &["sh", "-c", "echo shared > /dev/shm/note"]).await;
    assert_eq!(said(&on, &web, &["cat", "/dev/shm/note"]).await, "shared");
    let mut connection = loop {
        match on.runtime.port_forward(sandbox.clone(), 8080).await {
            Ok(connection) => break connection,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    connection.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("sending");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("receiving");
    assert!(answer.ends_with("hello\n"), "{answer}");
    on.stop(&web, 5).await;
    reset(&runtime).await;
}

async fn terminals_have_a_size(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("terminal").await;
    let id = running(&on, &sandbox, on.container_config("terminal", &[])).await;
    let cmd = ["sh".to_owned()].into();
    let request = ExecRequest { container_id: id, cmd, tty: true, stdin: true, stdout: true, stderr: false };
    let mut session = on.runtime.exec(request).await.expect("a session");
    let size = cri::TerminalSize { width: 77, height: 33 };
    session.resize.as_ref().expect("a terminal").send(size).await.expect("it listens");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let stdin = session.stdin.as_mut().expect("stdin");
    stdin.write_all(b"/bin/busybox stty size; /bin/busybox tty; exit 4\n").await.expect("typing");
    let text = conformance_read(session.stdout.take().expect("stdout")).await;
    assert!(text.contains("33 77") && text.contains("/dev/pts/"), "{text}");
    assert_eq!(session.exit.await.expect("it ends"), 4);
    let config = ContainerConfig { tty: true, stdin: true, ..on.container_config("interactive", &["cat"]) };
    let id = running(&on, &sandbox, config).await;
    let request = AttachRequest { container_id: id, stdin: true, tty: true, stdout: true, stderr: false };
    let mut session = on.runtime.attach(request).await.expect("a session");
    session.stdin.as_mut().expect("stdin").write_all(b"typed\n\x04").await.expect("typing");
    assert!(conformance_read(session.stdout.take().expect("stdout")).await.contains("typed\r\ntyped"));
    assert_eq!(session.exit.await.expect("it ends"), 0);
    reset(&runtime).await;
}

async fn conformance_read(mut stream: Box<dyn tokio::io::AsyncRead + Send + Unpin>) -> String {
    let mut text = String::new();
    tokio::time::timeout(SECONDS, stream.read_to_string(&mut text)).await.expect("the stream ends").expect("reading");
    text
}

async fn a_builtin_image_runs(place: &Place) {
    use containers::builtin::{BuiltinImage, Content};
    use containers::images::ImageConfig;
    let runtime = place.open().await;
    let image = BuiltinImage {
        name: IMAGE,
        files: vec![
            ("/program".into(), 0o755, Content::OwnExecutable),
            ("/etc/motd".into(), 0o644, Content::Bytes(b"hello".to_vec())),
        ],
        // Under that name, with a directory that does not exist, the program ends with an error: enough to see it run.
        config: ImageConfig { entrypoint: vec!["/program".into(), "no-such-case".into()], ..ImageConfig::default() },
    };
    let record = runtime.image_store().add_builtin(&image).expect("an image");
    let again = runtime.image_store().add_builtin(&image).expect("the same");
    assert_eq!((record.id.as_str(), record.pinned), (again.id.as_str(), true));
    let executable = std::env::current_exe().expect("a path").metadata().expect("a size").len();
    println!("builtin image: {} bytes on disk for a program of {executable}", record.size);
    let on = place.subject(&runtime);
    let mut events = runtime.container_events();
    let sandbox = on.sandbox("builtin").await;
    let id = running(&on, &sandbox, on.container_config("builtin", &[])).await;
    let ended = on.ended(&mut events, &id).await;
    assert_eq!(ended.exit_code, 0, "{}", place.log("builtin"));
    reset(&runtime).await;
    assert!(Path::new("/proc/self/exe").exists());
}

async fn a_pod_may_use_the_host(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let node = NamespaceMode::Node as i32;
    let options = Some(NamespaceOption { network: node, pid: node, ipc: node, ..NamespaceOption::default() });
    let mut config = on.sandbox_config("host");
    let sandbox_security = LinuxSandboxSecurityContext { namespace_options: options.clone(), ..Default::default() };
    config.linux.get_or_insert_default().security_context = Some(sandbox_security);
    let request = RunPodSandboxRequest { config: Some(config), runtime_handler: String::new() };
    let sandbox = on.runtime.run_pod_sandbox(request).await.expect("a sandbox").pod_sandbox_id;
    let host = LinuxContainerSecurityContext { namespace_options: options, ..Default::default() };
    let script = "sleep 2000 & exec sleep 1000";
    let config = with_security(on.container_config("host", &["sh", "-c", script]), host);
    let id = running(&on, &sandbox, config).await;
    let own = std::fs::read_link("/proc/self/ns/net").expect("a namespace").display().to_string();
    assert_eq!(said(&on, &id, &["sh", "-c", "/bin/busybox readlink /proc/self/ns/net"]).await, own);
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    assert_eq!(said(&on, &id, &["hostname"]).await, name.trim());
    on.stop(&id, 0).await;
    reset(&runtime).await;
}

fn pull(image: String, auth: Option<AuthConfig>) -> PullImageRequest {
    PullImageRequest { image: Some(ImageSpec { image, ..ImageSpec::default() }), auth, sandbox_config: None }
}

async fn images_come_from_registries(place: &Place) {
    use crate::registry::Registry;
    use cri::Images;
    let runtime = place.open().await;
    let open = Registry::start(place::registry_contents(false), None).await;
    let broken = Registry::start(place::registry_contents(true), None).await;
    let locked = Registry::start(place::registry_contents(false), Some("Basic dXNlcjpwYXNz")).await;
    let refused = runtime.pull_image(pull(format!("{}/tools:1", broken.host), None)).await.expect_err("a wrong layer");
    assert!(refused.message().contains("digest"), "{refused}");
    let name = format!("{}/tools:1", locked.host);
    runtime.pull_image(pull(name.clone(), None)).await.expect_err("no password");
    let auth = AuthConfig { username: "user".into(), password: "pass".into(), ..AuthConfig::default() };
    runtime.pull_image(pull(name, Some(auth))).await.expect("the password fits");
    let name = format!("{}/tools:1", open.host);
    let pulled = runtime.pull_image(pull(name.clone(), None)).await.expect("pulled");
    runtime.pull_image(pull(format!("{}/none:1", open.host), None)).await.expect_err("no such image");
    let listed = runtime.list_images(ListImagesRequest::default()).await.expect("listed").images;
    assert_eq!(listed.len(), 1, "the same content is one image: {listed:?}");
    assert_eq!((listed[0].id.as_str(), listed[0].repo_tags.len()), (pulled.image_ref.as_str(), 2));
    assert!(listed[0].repo_digests[0].contains("/tools@sha256:"), "{listed:?}");
    let on = Subject { image: name, ..place.subject(&runtime) };
    let sandbox = on.sandbox("pulled").await;
    let id = running(&on, &sandbox, on.container_config("pulled", &[])).await;
    assert_eq!(said(&on, &id, &["id", "-u", "web"]).await, "101");
    let remove = RemoveImageRequest { image: Some(ImageSpec { image: pulled.image_ref, ..ImageSpec::default() }) };
    runtime.remove_image(remove).await.expect("removed");
    assert_eq!(said(&on, &id, &["id", "-u", "web"]).await, "101", "layers in use stay");
    reset(&runtime).await;
}

async fn images_come_from_layouts(place: &Place) {
    let runtime = place.open().await;
    let archive = place.data_dir().with_file_name("layout.tar");
    std::fs::write(&archive, place::oci_archive()).expect("an archive");
    let images = runtime.image_store().import(&archive, Some("example.test/other:2")).expect("imported");
    assert_eq!(images[0].tags.iter().map(String::as_str).collect::<Vec<_>>(), ["example.test/other:2", IMAGE]);
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("layout").await;
    let id = running(&on, &sandbox, on.container_config("layout", &[])).await;
    assert_eq!(said(&on, &id, &["id", "-u", "web"]).await, "101");
    assert!(!images[0].pinned && runtime.image_store().import_pinned(&archive).expect("imported again")[0].pinned);
    let layers = || std::fs::read_dir(place.data_dir().join("layers")).expect("layers").count();
    assert_eq!(layers(), 4, "two layers and their sizes");
    on.drop_sandbox(&sandbox).await;
    let store = runtime.image_store();
    store.remove(IMAGE, &Default::default()).expect("one name goes");
    assert_eq!(layers(), 4);
    store.remove("example.test/other:2", &Default::default()).expect("the last name goes");
    assert_eq!(layers(), 0);
    reset(&runtime).await;
}

/// Whatever the victim was doing: what runs is known, what is known runs, and all of it can be removed.
async fn killed_at_any_moment(place: &Place) {
    drop(place.with_image().await);
    for round in 0..12_u64 {
        let mut victim = crate::victim::start(&place.data_dir(), &place.cgroup_root());
        tokio::time::sleep(Duration::from_millis(3 + round * 11)).await;
        victim.kill().expect("it is killed");
        victim.wait().expect("it is dead");
    }
    let runtime = place.open().await;
    let listed = runtime.list_containers(ListContainersRequest::default()).await.expect("a list").containers;
    assert!(!listed.is_empty(), "the victims lived long enough");
    let on = place.subject(&runtime);
    let known = listed.iter().filter(|it| it.state() == ContainerState::ContainerRunning).count();
    assert_eq!(place.processes_in_groups(), known, "what runs is known, and the other way round");
    for container in listed {
        if container.state() == ContainerState::ContainerRunning {
            assert_eq!(said(&on, &container.id, &["echo", "alive"]).await, "alive");
        }
    }
    reset(&runtime).await;
}

/// Somebody deletes the files of a running node: its processes do not stay behind for ever.
async fn removed_under_its_feet(place: &Place) {
    let runtime = place.with_image().await;
    let on = place.subject(&runtime);
    let sandbox = on.sandbox("removed").await;
    running(&on, &sandbox, on.container_config("removed", &[])).await;
    assert_eq!(place.processes_in_groups(), 1);
    drop(on);
    drop(runtime);
    std::fs::remove_dir_all(place.data_dir().join("run")).expect("removed");
    wait_until("the supervisor's end", || place::processes_of(&place.data_dir().display().to_string()).is_empty())
        .await;
    wait_until("the container's end", || place.processes_in_groups() == 0).await;
    reset(&place.open().await).await;
}
