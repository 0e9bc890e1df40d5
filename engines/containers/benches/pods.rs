//! How long a container takes from create to running, and what an idle pod costs. Run as root:
//! `cargo bench -p containers --bench pods -- [PODS]`.

use std::sync::Arc;
use std::time::Duration;

use clock::{Clock, SystemClock};
use containers::builtin::{BuiltinImage, Content};
use containers::images::ImageConfig;
use containers::{Config, Containers, LoopbackOnly};
use cri::conformance::Subject;

const IMAGE: &str = "example.test/sleeper:1";
const BUSYBOX: &str = "/bin/busybox";
const DEFAULT_PODS: usize = 100;

fn main() {
    linux::init::maybe_run();
    if !linux::process::is_root() {
        eprintln!("skipped: containers are made as root only");
        return;
    }
    let pods = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(DEFAULT_PODS);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    tokio.block_on(measure(pods));
}

/// What the kernel says is available, in KiB.
fn available() -> i64 {
    let text = std::fs::read_to_string("/proc/meminfo").expect("meminfo");
    let line = text.lines().find(|line| line.starts_with("MemAvailable")).expect("a line");
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number")
}

/// Private and proportional KiB of a process.
fn footprint(pid: &str) -> (u64, u64) {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let sum = |name: &str| -> u64 {
        text.lines()
            .filter(|line| line.starts_with(name))
            .filter_map(|it| it.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum::<u64>()
    };
    (sum("Private_"), sum("Pss:"))
}

fn supervisor(data_dir: &str) -> Option<String> {
    let mut processes = std::fs::read_dir("/proc").ok()?.flatten();
    let found = processes.find(|entry| {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        line.starts_with("k1s-init") && line.contains(data_dir)
    });
    found.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

fn milliseconds(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    format!("p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(50), at(90), at(99), at(100))
}

async fn measure(pods: usize) {
    let base = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let data_dir = base.path().join("data");
    let config = Config {
        cgroup_root: format!("k1s-bench-{}", std::process::id()),
        ..Config::new(&data_dir, Arc::new(SystemClock))
    };
    let runtime = Containers::open(config, Arc::new(LoopbackOnly)).await.expect("the runtime opens");
    let busybox = Content::Bytes(std::fs::read(BUSYBOX).expect("Debian's package busybox-static is installed"));
    let config =
        ImageConfig { entrypoint: vec!["/busybox".into(), "sleep".into(), "100000".into()], ..Default::default() };
    let image = BuiltinImage { name: IMAGE, files: vec![("/busybox".into(), 0o755, busybox)], config };
    runtime.image_store().add_builtin(&image).expect("an image");
    let log_directory = base.path().join("logs").display().to_string();
    let subject = Subject { runtime: runtime.clone(), images: runtime.clone(), image: IMAGE.into(), log_directory };
    let (mut sandboxes, mut creates, mut starts, mut containers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (before, clock) = (available(), SystemClock);
    for number in 0..pods {
        let begin = clock.now();
        let sandbox = subject.sandbox(&format!("pod-{number}")).await;
        let middle = clock.now();
        let id = subject.container(&sandbox, &format!("pod-{number}"), &[]).await;
        let created = clock.now();
        subject.start(&id).await;
        creates.push(created.duration_since(middle).unsigned_abs());
        starts.push(clock.now().duration_since(created).unsigned_abs());
        sandboxes.push(middle.duration_since(begin).unsigned_abs());
        containers.push(clock.now().duration_since(middle).unsigned_abs());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!("{pods} pods, one after the other");
    println!("sandbox:                        {}", milliseconds(&mut sandboxes));
    println!("create:                         {}", milliseconds(&mut creates));
    let tenth = pods.div_ceil(10);
    println!("start, first tenth:             {}", milliseconds(&mut starts[..tenth]));
    println!("start, last tenth:              {}", milliseconds(&mut starts[pods - tenth..]));
    println!("container, create to running:   {}", milliseconds(&mut containers));
    println!("machine memory a pod:           {} KiB", (before - available()) / pods as i64);
    let pid = supervisor(&data_dir.display().to_string()).expect("a supervisor");
    let (private, proportional) = footprint(&pid);
    println!("supervisor:                     {private} KiB private, {proportional} KiB proportional");
    let begin = clock.now();
    runtime.reset().await.expect("everything goes");
    println!(
        "reset:                          {:?} a pod",
        clock.now().duration_since(begin).unsigned_abs() / pods as u32
    );
}
