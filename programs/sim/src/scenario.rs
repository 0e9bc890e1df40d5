//! What to live through, in code or as a text of one instruction a line.

use client::fake::Faults;
use meta::{Gvr, Value};
use std::fmt;
use std::time::Duration;

/// A mistake that is planted to see whether the properties find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The disk calls a sync done without having done it.
    SyncsLie,
    /// Every watch swallows a change now and then.
    WatchDropsEvents,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The API server and its disk: the power is cut in the middle of an operation.
    Api,
    Controllers,
    Scheduler,
    /// The kubelet of the node of that number.
    Kubelet(usize),
    /// The machine under it too: all containers end.
    Machine(usize),
}

#[derive(Clone, Debug)]
pub enum Step {
    Crash(Part),
    FailSync,
    FillDisk {
        seconds: u64,
    },
    /// How many seconds a node's clock runs ahead.
    Skew {
        node: usize,
        seconds: i64,
    },
    Faults(Faults),
    Scale {
        namespace: String,
        name: String,
        replicas: i64,
    },
}

#[derive(Clone, Debug)]
pub struct Timed {
    pub second: u64,
    pub step: Step,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub nodes: usize,
    /// How long there is trouble.
    pub minutes: u64,
    /// How long there is none after it, before everything must be as wanted.
    pub calm: u64,
    pub faults: Faults,
    /// Some part crashes, or the disk fails, about this often in seconds; none: never by chance.
    pub crash_every: Option<u64>,
    pub manifests: Vec<Value>,
    pub steps: Vec<Timed>,
    pub bug: Option<Bug>,
}

impl Default for Scenario {
    fn default() -> Scenario {
        let (faults, manifests, steps) = (Faults::default(), Vec::new(), Vec::new());
        Scenario { seed: 1, nodes: 2, minutes: 5, calm: 10, faults, crash_every: None, manifests, steps, bug: None }
    }
}

#[derive(Debug, PartialEq)]
pub struct ScenarioError {
    pub line: usize,
    pub why: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Every fault there is.
    pub fn rough(seed: u64) -> Scenario {
        Scenario { seed, faults: Faults::rough(), crash_every: Some(20), ..Scenario::default() }
    }

    #[must_use]
    pub fn deployment(mut self, name: &str, replicas: i64) -> Scenario {
        self.manifests.extend(web(name, replicas));
        self
    }

    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let mut scenario = Scenario::default();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
            if let Some(why) = scenario.read(&words).err() {
                return Err(ScenarioError { line: number + 1, why });
            }
        }
        Ok(scenario)
    }

    fn read(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            [] => {}
            ["seed", n] => self.seed = number(n)?,
            ["nodes", n] => self.nodes = number(n)?,
            ["minutes", n] => self.minutes = number(n)?,
            ["calm", n] => self.calm = number(n)?,
            ["crash-every", n] => self.crash_every = Some(number(n)?),
            ["faults", which] => self.faults = faults(which)?,
            ["deployment", name, replicas] => self.manifests.extend(web(name, number(replicas)?)),
            ["at", second, step @ ..] => self.steps.push(Timed { second: number(second)?, step: read_step(step)? }),
            [other, ..] => return Err(format!("{other:?} is no instruction")),
        }
        Ok(())
    }
}

fn number<N: std::str::FromStr>(word: &str) -> Result<N, String> {
    word.parse().map_err(|_| format!("{word:?} is no number that fits"))
}

fn faults(which: &str) -> Result<Faults, String> {
    match which {
        "none" => Ok(Faults::default()),
        "slow" => Ok(Faults { delay: Duration::from_millis(300), ..Faults::default() }),
        "rough" => Ok(Faults::rough()),
        other => Err(format!("{other:?} are no faults: none, slow or rough")),
    }
}

fn read_step(words: &[&str]) -> Result<Step, String> {
    Ok(match words {
        ["crash", "api"] => Step::Crash(Part::Api),
        ["crash", "controllers"] => Step::Crash(Part::Controllers),
        ["crash", "scheduler"] => Step::Crash(Part::Scheduler),
        ["crash", "kubelet", node] => Step::Crash(Part::Kubelet(number(node)?)),
        ["crash", "machine", node] => Step::Crash(Part::Machine(number(node)?)),
        ["fail-sync"] => Step::FailSync,
        ["fill-disk", seconds] => Step::FillDisk { seconds: number(seconds)? },
        ["skew", node, seconds] => Step::Skew { node: number(node)?, seconds: number(seconds)? },
        ["faults", which] => Step::Faults(faults(which)?),
        ["scale", name, replicas] => {
            let (namespace, name) = name.split_once('/').ok_or("a deployment is named NAMESPACE/NAME")?;
            Step::Scale { namespace: namespace.into(), name: name.into(), replicas: number(replicas)? }
        }
        other => return Err(format!("{:?} is no step", other.join(" "))),
    })
}

/// A deployment with its service.
fn web(name: &str, replicas: i64) -> [Value; 2] {
    let container = meta::value!({"name": "c", "image": "web:1", "resources": {"requests": {"cpu": "10m"}}});
    [
        meta::value!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}}}),
        meta::value!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80_i64}]}}),
    ]
}

/// The resource of a manifest, from the table of kinds.
pub fn resource_of(manifest: &Value) -> Option<Gvr> {
    let (group, version) = manifest.str("apiVersion").split_once('/').unwrap_or(("", manifest.str("apiVersion")));
    let all = kinds::builtin();
    let row = all.iter().find(|row| row.group == group && row.names.kind == manifest.str("kind"))?;
    Some(Gvr::new(group, version, row.names.plural.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let check = |text: &str, expect: &str| {
            let told = Scenario::parse(text).map_or_else(|error| error.to_string(), |_| String::new());
            assert_eq!(told, expect, "{text:?}");
        };
        check("seed 7 # any\n\nnodes 3\nat 60 crash api\nat 70 scale default/web 5", "");
        check("seed x", "line 1: \"x\" is no number that fits");
        check("\nfaults evil", "line 2: \"evil\" are no faults: none, slow or rough");
        check("at 5 crash sun", "line 1: \"crash sun\" is no step");
        check("at 5 scale web 2", "line 1: a deployment is named NAMESPACE/NAME");
        check("hello", "line 1: \"hello\" is no instruction");
    }
}
