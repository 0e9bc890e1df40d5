//! What a pod's row says of its containers: READY, STATUS and RESTARTS.

use crate::cells;
use jiff::Timestamp;
use meta::{Time, Value};

pub struct Summary {
    /// `1/2`
    pub ready: String,
    pub reason: String,
    /// `3 (5m ago)`
    pub restarts: String,
}

/// What is added up over containers.
#[derive(Default)]
struct Count {
    restarts: i64,
    last_restart: Option<Time>,
}

impl Count {
    fn add(&mut self, status: &Value) {
        self.restarts += status.int("restartCount");
        let ended = status.at("lastState.terminated.finishedAt").as_str().and_then(Time::parse);
        self.last_restart = self.last_restart.max(ended);
    }

    fn text(&self, now: Timestamp) -> String {
        match self.last_restart {
            Some(last) if self.restarts != 0 => {
                format!("{} ({} ago)", self.restarts, cells::since(&last.to_string().into(), now))
            }
            _ => self.restarts.to_string(),
        }
    }
}

pub fn summary(pod: &Value, now: Timestamp) -> Summary {
    let init = Init::look(pod);
    let mut ready = init.ready;
    let mut reason = init.stuck.clone().unwrap_or_else(|| phase_or_reason(pod));
    let mut count = init.all;
    if init.stuck.is_none() || cells::condition(pod, "Initialized") {
        count = init.sidecars;
        let regular = Regular::look(pod, &mut count);
        ready += regular.ready;
        reason = regular.reason(pod).unwrap_or(reason);
    }
    let total =
        pod.items("spec.containers").len() + pod.items("spec.initContainers").iter().filter(|c| is_sidecar(c)).count();
    Summary {
        ready: format!("{ready}/{total}"),
        reason: ending(pod).map_or(reason, String::from),
        restarts: count.text(now),
    }
}

fn phase_or_reason(pod: &Value) -> String {
    let gated =
        |condition: &Value| condition.str("type") == "PodScheduled" && condition.str("reason") == "SchedulingGated";
    if pod.items("status.conditions").iter().any(gated) {
        return "SchedulingGated".into();
    }
    match pod.str("status.reason") {
        "" => pod.str("status.phase").into(),
        reason => reason.into(),
    }
}

/// What a deletion says over everything else.
fn ending(pod: &Value) -> Option<&'static str> {
    if pod.at("metadata.deletionTimestamp").is_null() {
        return None;
    }
    let ended = ["Succeeded", "Failed"].contains(&pod.str("status.phase"));
    match pod.str("status.reason") {
        "NodeLost" => Some("Unknown"),
        _ if ended => None,
        _ => Some("Terminating"),
    }
}

fn is_sidecar(container: &Value) -> bool {
    container.str("restartPolicy") == "Always"
}

#[derive(Default)]
struct Init {
    /// The first init container that is neither done nor a started sidecar, in words.
    stuck: Option<String>,
    ready: i64,
    all: Count,
    sidecars: Count,
}

impl Init {
    fn look(pod: &Value) -> Init {
        let specs = pod.items("spec.initContainers");
        let mut init = Init::default();
        for (index, status) in pod.items("status.initContainerStatuses").iter().enumerate() {
            let sidecar = specs.iter().any(|spec| spec.str("name") == status.str("name") && is_sidecar(spec));
            init.all.add(status);
            if sidecar {
                init.sidecars.add(status);
            }
            let terminated = status.at("state.terminated");
            if !terminated.is_null() && terminated.int("exitCode") == 0 {
                continue;
            }
            if sidecar && status.bool("started") {
                init.ready += i64::from(status.bool("ready"));
                continue;
            }
            init.stuck = Some(stuck(status, index, specs.len()));
            break;
        }
        init
    }
}

fn stuck(status: &Value, index: usize, of: usize) -> String {
    let waiting = status.str("state.waiting.reason");
    match status.at("state.terminated") {
        Value::Null if waiting.is_empty() || waiting == "PodInitializing" => format!("Init:{index}/{of}"),
        Value::Null => format!("Init:{waiting}"),
        terminated => format!("Init:{}", exit(terminated)),
    }
}

/// Why a container ended.
fn exit(terminated: &Value) -> String {
    match (terminated.str("reason"), terminated.int("signal")) {
        ("", 0) => format!("ExitCode:{}", terminated.int("exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.into(),
    }
}

#[derive(Default)]
struct Regular {
    ready: i64,
    running: bool,
    reason: Option<String>,
    /// The reason of a container that failed.
    error: Option<String>,
}

impl Regular {
    /// From the last container to the first: the first one's reason wins.
    fn look(pod: &Value, count: &mut Count) -> Regular {
        let mut regular = Regular::default();
        for status in pod.items("status.containerStatuses").iter().rev() {
            count.add(status);
            regular.add(status);
        }
        regular
    }

    fn add(&mut self, status: &Value) {
        let (waiting, terminated) = (status.str("state.waiting.reason"), status.at("state.terminated"));
        if !waiting.is_empty() {
            self.reason = Some(waiting.into());
        } else if !terminated.is_null() {
            self.reason = Some(exit(terminated));
            if terminated.int("exitCode") != 0 {
                self.error = self.reason.clone();
            }
        } else if status.bool("ready") && !status.at("state.running").is_null() {
            self.running = true;
            self.ready += 1;
        }
    }

    /// `Completed` is not the last word while another container runs or failed.
    fn reason(self, pod: &Value) -> Option<String> {
        let completed = match &self.reason {
            Some(reason) => reason == "Completed",
            None => phase_or_reason(pod) == "Completed",
        };
        match completed {
            true if self.running && cells::condition(pod, "Ready") => Some("Running".into()),
            true if self.error.is_some() => self.error,
            true if self.running => Some("NotReady".into()),
            _ => self.reason,
        }
    }
}

/// `1/2` of the gates are open.
pub fn readiness_gates(pod: &Value) -> String {
    let gates = pod.items("spec.readinessGates");
    if gates.is_empty() {
        return "<none>".into();
    }
    let open = gates.iter().filter(|gate| cells::condition(pod, gate.str("conditionType"))).count();
    format!("{open}/{}", gates.len())
}
