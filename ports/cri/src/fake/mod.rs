//! A runtime without containers: the model of their life that kubelet tests and the simulation run against.
//!
//! Time is tokio's (virtual when paused) and the clock's. What a container does follows, in this order, from the
//! script of its image and from its command ([`program`] understands a few busybox commands); otherwise it runs until
//! it is stopped.

mod images;
mod model;
mod program;
mod runtime;
mod script;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use clock::Clock;
use tokio::sync::{broadcast, watch};

use crate::Error;
use crate::v1::*;
use model::{FakeContainer, Model};
pub use script::{ExecReply, ImageScript, Life, LogLine};

/// Enough for every event of a burst; a slower reader is told that it lost some.
const EVENT_BACKLOG: usize = 1024;
const FRUGAL_BACKLOG: usize = 16;

/// The fake. Cheap to clone; clones share one world.
#[derive(Clone)]
pub struct FakeRuntime {
    clock: Arc<dyn Clock>,
    model: Arc<Mutex<Model>>,
    events: broadcast::Sender<ContainerEventResponse>,
    log_files: bool,
    records: bool,
}

impl FakeRuntime {
    pub fn new(clock: Arc<dyn Clock>) -> FakeRuntime {
        let (events, _) = broadcast::channel(EVENT_BACKLOG);
        FakeRuntime { clock, model: Arc::default(), events, log_files: false, records: true }
    }

    /// One of thousands, for as long as somebody likes: it remembers no calls, and few events.
    pub fn frugal(clock: Arc<dyn Clock>) -> FakeRuntime {
        let (events, _) = broadcast::channel(FRUGAL_BACKLOG);
        FakeRuntime { clock, model: Arc::default(), events, log_files: false, records: false }
    }

    /// Also writes log lines to the files that the kubelet names, so that its log server can be tested.
    pub fn with_log_files(mut self) -> FakeRuntime {
        self.log_files = true;
        self
    }

    /// Which net of 254 addresses its pods live in: several fakes of one cluster need nets of their own.
    pub fn with_net(self, number: u32) -> FakeRuntime {
        self.lock().net = number;
        self
    }

    /// What containers and pulls of `image` do from now on.
    pub fn script(&self, image: &str, script: ImageScript) {
        self.lock().scripts.insert(image.to_owned(), script);
    }

    /// Puts an image into the store without a pull.
    pub fn add_image(&self, image: &str) {
        self.lock().add_image(image);
    }

    /// The next call of that trait method fails; calls queue up.
    pub fn fail_next(&self, method: &'static str, error: Error) {
        self.lock().failures.entry(method).or_default().push_back(error);
    }

    /// How long that trait method takes from now on.
    pub fn set_latency(&self, method: &'static str, latency: std::time::Duration) {
        self.lock().latencies.insert(method, latency);
    }

    /// Ends a running container from outside, as a crash would.
    pub fn exit(&self, container_id: &str, code: i32) {
        self.finish(container_id, code, if code == 0 { "Completed" } else { "Error" });
    }

    /// Ends a running container as the kernel does when memory runs out.
    pub fn kill_for_memory(&self, container_id: &str) {
        self.finish(container_id, 137, "OOMKilled");
    }

    /// The machine under the runtime restarts: everything that ran has ended, the records are still there.
    pub fn reboot(&self) {
        let running = self.lock().running();
        for id in running {
            self.finish(&id, 255, "Unknown");
        }
        self.lock().sandboxes.values_mut().for_each(|sandbox| sandbox.ready = false);
    }

    pub fn set_stats(&self, container_id: &str, cpu_nanos: u64, working_set_bytes: u64) {
        if let Some(container) = self.lock().containers.get_mut(container_id) {
            container.cpu_nanos = cpu_nanos;
            container.memory_bytes = working_set_bytes;
        }
    }

    pub fn log(&self, container_id: &str, stream: &'static str, text: &str) {
        let line = LogLine { at: self.nanos(), stream, text: text.to_owned() };
        let mut model = self.lock();
        let Some(container) = model.containers.get_mut(container_id) else { return };
        if self.log_files && !container.log_path.is_empty() {
            append(&container.log_path, &line);
        }
        container.logs.push(line);
    }

    pub fn logs(&self, container_id: &str) -> Vec<LogLine> {
        self.lock().containers.get(container_id).map(|container| container.logs.clone()).unwrap_or_default()
    }

    /// The names of every call so far, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Model> {
        self.model.lock().expect("no holder of the model panics")
    }

    fn nanos(&self) -> i64 {
        self.clock.now().as_nanosecond() as i64
    }

    fn new_id(&self) -> String {
        (0..4).map(|_| format!("{:016x}", self.clock.random())).collect()
    }

    /// Every trait method passes here first: it is noted, takes its time, and may be told to fail.
    async fn enter(&self, method: &'static str) -> Result<(), Error> {
        let latency = {
            let mut model = self.lock();
            if self.records {
                model.calls.push(method);
            }
            model.latencies.get(method).copied()
        };
        if let Some(latency) = latency {
            tokio::time::sleep(latency).await;
        }
        match self.lock().failures.get_mut(method).and_then(|queue| queue.pop_front()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn finish(&self, container_id: &str, code: i32, reason: &str) {
        let now = self.nanos();
        let ended = self.lock().containers.get_mut(container_id).is_some_and(|it| it.finish(now, code, reason));
        if ended {
            self.tell(container_id, ContainerEventType::ContainerStoppedEvent);
        }
    }

    /// An event nobody listens to is no error: a later listener starts with a list.
    fn tell(&self, container_id: &str, kind: ContainerEventType) {
        let event = self.lock().event(container_id, kind, self.nanos());
        let _ = self.events.send(event);
    }

    fn exited(&self, container_id: &str) -> Result<watch::Receiver<Option<i32>>, Error> {
        self.lock().container(container_id).map(|container| container.exited.subscribe())
    }
}

/// A log file that cannot be written is the test's own mistake: it shows as missing lines.
fn append(path: &str, line: &LogLine) {
    use std::io::Write;
    if let Some(directory) = Path::new(path).parent() {
        let _ = std::fs::create_dir_all(directory);
    }
    if let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path) {
        let _ = file.write_all(line.to_cri().as_bytes());
    }
}

fn sorted<T>(map: &BTreeMap<String, T>) -> impl Iterator<Item = (&String, &T)> {
    map.iter()
}

/// What a started container does next.
struct Course {
    life: Life,
    lines: Vec<LogLine>,
    stop_takes: std::time::Duration,
}

impl FakeContainer {
    fn course(&self, script: Option<&ImageScript>, now: i64) -> Course {
        let spoken = program::run(&self.command());
        let texts = script.map_or(spoken.lines, |script| script.output.clone());
        let lines = texts.into_iter().map(|text| LogLine { at: now, stream: "stdout", text }).collect();
        Course {
            life: script.map_or(spoken.life, |script| script.life),
            lines,
            stop_takes: script.map_or(std::time::Duration::ZERO, |script| script.stop_takes),
        }
    }
}
