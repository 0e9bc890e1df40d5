//! The language of scenes.

mod render;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec, PodStatus, Probe};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use podplan::backoff::Backoff;
use podplan::cgroup::{Limits, QUOTA_PERIOD_MICROSECONDS, of_all};
use podplan::probe::{ProbeKind, Verdict};
use podplan::resize::Answer;
use podplan::{
    InForce, Instance, InstanceState, Memory, NodeFacts, RuntimeState, Sandbox, Seen, StartFailure, Volumes, next,
};

pub const NOW: i64 = 1_800_000_000;

pub fn at(ago: i64) -> Timestamp {
    Timestamp::from_second(NOW - ago).unwrap()
}

#[derive(Default)]
pub struct Scene {
    pod: Pod,
    runtime: RuntimeState,
    memory: Memory,
    absent_volumes: bool,
    unknown_limits: bool,
}

fn option<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().find_map(|w| w.strip_prefix(key)?.strip_prefix('='))
}

fn number(words: &[&str], key: &str) -> Option<i64> {
    option(words, key).map(|n| n.parse().unwrap())
}

impl Scene {
    pub fn parse(text: &str) -> Scene {
        let mut scene = Scene::default();
        scene.pod.metadata.name = Some("pod".into());
        scene.pod.metadata.namespace = Some("ns".into());
        scene.pod.metadata.uid = Some("uid".into());
        scene.pod.metadata.generation = Some(1);
        scene.pod.spec = Some(PodSpec { termination_grace_period_seconds: Some(30), ..PodSpec::default() });
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            scene.line(words[0], &words[1..]);
        }
        scene
    }

    fn spec(&mut self) -> &mut PodSpec {
        self.pod.spec.as_mut().unwrap()
    }

    fn line(&mut self, first: &str, words: &[&str]) {
        match first {
            "pod" => self.pod_line(words),
            "container" => self.spec().containers.push(container(words)),
            "init" => self.spec().init_containers.get_or_insert_default().push(container(words)),
            "sidecar" => {
                let sidecar = Container { restart_policy: Some("Always".into()), ..container(words) };
                self.spec().init_containers.get_or_insert_default().push(sidecar);
            }
            "ephemeral" => {
                let list = self.spec().ephemeral_containers.get_or_insert_default();
                list.push(serde_json::from_value(serde_json::json!({"name": words[0], "image": "debug"})).unwrap());
            }
            "sandbox" => self.sandbox(words),
            "is" => self.instance(words),
            "told" => self.told(words),
            "probe" => self.probe(words),
            "failed" => {
                let failure = StartFailure { reason: words[1].into(), message: words[2..].join(" ") };
                self.memory.failures.insert(words[0].into(), failure);
            }
            "backoff" => {
                let delay = SignedDuration::from_secs(number(words, "delay").unwrap());
                let backoff = Backoff { delay, updated: at(number(words, "ago").unwrap()) };
                self.memory.backoffs.insert(words[0].into(), backoff);
            }
            "verdict" => {
                self.memory.verdict =
                    Some(podplan::Verdict { reason: words[0].into(), message: words[1..].join(" "), refused: true });
            }
            "limits" if words == ["unknown"] => self.unknown_limits = true,
            "limits" => {
                let (cpu_shares, cpu_quota) = (number(words, "shares").unwrap(), number(words, "quota").unwrap());
                let memory_bytes = number(words, "memory").unwrap();
                self.memory.pod_limits = Some(Limits {
                    cpu_shares,
                    cpu_quota,
                    memory_bytes,
                    cpu_period: QUOTA_PERIOD_MICROSECONDS,
                    ..Limits::default()
                });
            }
            "deferred" => self.memory.resize_pending = Some(Answer::Deferred(words.join(" "))),
            "resize-error" => self.memory.resize_error = Some(words.join(" ")),
            "terminating" => self.memory.terminating = true,
            "volumes" => self.absent_volumes = words[0] == "absent",
            title => assert!(title == "scene", "unknown word {title}"),
        }
    }

    fn pod_line(&mut self, words: &[&str]) {
        let spec = self.spec();
        spec.restart_policy = option(words, "restart").map(Into::into);
        spec.active_deadline_seconds = number(words, "deadline");
        spec.host_network = words.contains(&"hostNetwork").then_some(true);
        spec.readiness_gates = option(words, "gate")
            .map(|g| vec![serde_json::from_value(serde_json::json!({"conditionType": g})).unwrap()]);
        if let Some(grace) = number(words, "deleted") {
            self.pod.metadata.deletion_timestamp = Some(Time(at(0)));
            self.pod.metadata.deletion_grace_period_seconds = Some(grace);
        }
        let mut status = PodStatus { phase: option(words, "phase").map(Into::into), ..PodStatus::default() };
        status.start_time = number(words, "began").map(|ago| Time(at(ago)));
        self.pod.status = Some(status);
    }

    fn sandbox(&mut self, words: &[&str]) {
        self.runtime.sandboxes.push(Sandbox {
            id: format!("box{}", number(words, "attempt").unwrap_or(0)),
            attempt: u32::try_from(number(words, "attempt").unwrap_or(0)).unwrap(),
            ready: words[0] == "ready",
            host_network: words.contains(&"hostNetwork"),
            ips: if words.contains(&"noip") { vec![] } else { vec!["10.0.0.9".into()] },
            created_at: at(1000),
        });
    }

    /// `is NAME#RESTARTS STATE [CODE] [ago=SECONDS]`, newest first.
    fn instance(&mut self, words: &[&str]) {
        let (name, restarts) = words[0].split_once('#').unwrap_or((words[0], "0"));
        let state = match words[1] {
            "created" => InstanceState::Created,
            "running" => InstanceState::Running,
            "exited" => InstanceState::Exited,
            "unknown" => InstanceState::Unknown,
            other => panic!("no state {other}"),
        };
        let ago = number(words, "ago").unwrap_or(100);
        let exit_code = words.get(2).and_then(|c| c.parse().ok()).unwrap_or(0);
        let exited = state == InstanceState::Exited;
        let sandbox = option(words, "sandbox").unwrap_or("box0");
        self.runtime.containers.push(Instance {
            id: words[0].into(),
            name: name.into(),
            sandbox_id: sandbox.into(),
            state,
            restart_count: restarts.parse().unwrap(),
            created_at: at(ago + 10),
            started_at: Some(at(ago + 10)),
            finished_at: exited.then(|| at(ago)),
            exit_code,
            reason: if !exited {
                ""
            } else if exit_code == 0 {
                "Completed"
            } else {
                "Error"
            }
            .into(),
            image: "image".into(),
            image_ref: "image@sha256:1".into(),
            hash: option(words, "hash").unwrap_or_default().into(),
            in_force: number(words, "shares").map(|cpu_shares| InForce {
                cpu_shares,
                cpu_quota: number(words, "quota").unwrap_or(0),
                memory_bytes: number(words, "memory").unwrap_or(0),
                memory_request: None,
            }),
            ..Instance::default()
        });
    }

    /// `told NAME running|exited|waiting`: what the status said before.
    fn told(&mut self, words: &[&str]) {
        let state = match words[1] {
            "running" => serde_json::json!({"running": {}}),
            "exited" => serde_json::json!({"terminated": {"exitCode": 0}}),
            _ => serde_json::json!({"waiting": {}}),
        };
        let status = serde_json::json!({"name": words[0], "image": "image", "imageID": "", "ready": false,
            "restartCount": number(words, "restarts").unwrap_or(0), "state": state});
        let list = self.pod.status.get_or_insert_default().container_statuses.get_or_insert_default();
        list.push(serde_json::from_value(status).unwrap());
    }

    fn probe(&mut self, words: &[&str]) {
        let kind = match words[1] {
            "startup" => ProbeKind::Startup,
            "liveness" => ProbeKind::Liveness,
            _ => ProbeKind::Readiness,
        };
        let verdict = if words[2] == "good" { Verdict::Success } else { Verdict::Failure };
        self.memory.probes.entry(words[0].into()).or_default().set(kind, verdict);
    }

    pub fn play(&self) -> String {
        let node = NodeFacts { host_ips: vec!["192.0.2.1".into()], runtime_name: "k1s".into(), started: at(100_000) };
        let mut memory = self.memory.clone();
        if !self.unknown_limits {
            memory.pod_limits.get_or_insert_with(|| of_all(&self.pod));
        }
        let decided = next(&Seen {
            pod: &self.pod,
            runtime: &self.runtime,
            memory: &memory,
            volumes: if self.absent_volumes { Volumes::Absent } else { Volumes::Ready },
            node: &node,
            now: at(0),
        });
        render::steps(&decided)
    }
}

fn container(words: &[&str]) -> Container {
    let probe = |name: &str| words.contains(&name).then(Probe::default);
    Container {
        name: words[0].into(),
        image: Some("image".into()),
        restart_policy: option(words, "policy").map(Into::into),
        resources: option(words, "resources").map(|json| serde_json::from_str(json).unwrap()),
        resize_policy: option(words, "restarts-for").map(|resource| {
            vec![
                serde_json::from_value(
                    serde_json::json!({"resourceName": resource, "restartPolicy": "RestartContainer"}),
                )
                .unwrap(),
            ]
        }),
        startup_probe: probe("startup"),
        liveness_probe: probe("liveness"),
        readiness_probe: probe("readiness"),
        ..Container::default()
    }
}
