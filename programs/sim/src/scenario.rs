//! What to live through, in code or as a text of one instruction a line.

mod manifests;
mod script;
mod tame;
mod workload;

use crate::bug::Bug;
use crate::fault::{self, Faults, Trouble};
pub use manifests::read as read_manifests;
use meta::Value;
pub use script::ScenarioError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Crash(Part),
    /// A part does not reach the server for so long.
    Cut {
        part: Part,
        seconds: u64,
    },
    Mend(Part),
    FailSync,
    FillDisk {
        seconds: u64,
    },
    /// Writes of the disk are errors for so long.
    FailWrites {
        seconds: u64,
    },
    MendDisk,
    /// How many seconds a node's clock runs ahead.
    Skew {
        node: usize,
        seconds: i64,
    },
    /// The clock of the server and of the controllers jumps.
    Jump {
        seconds: i64,
    },
    /// Changes of a resource come late to some, or never: their watch ends, and history is gone.
    Hold {
        resource: String,
        seconds: u64,
        forgotten: bool,
        /// None: anybody.
        whose: Option<Part>,
    },
    Faults(Faults),
    Scale {
        namespace: String,
        name: String,
        replicas: i64,
    },
    /// Another template: the deployment rolls over.
    Roll {
        namespace: String,
        name: String,
        image: String,
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
    pub troubles: Vec<Trouble>,
    /// Something befalls some part about this often in seconds; none: never by chance.
    pub crash_every: Option<u64>,
    pub manifests: Vec<Value>,
    pub steps: Vec<Timed>,
    /// Whether the store has a client of its own that tries what API servers do to it.
    pub probe: bool,
    pub bug: Option<Bug>,
    /// A violation that contains one of these ends the run: it is what was looked for.
    pub enough: &'static [&'static str],
    /// The command that lives through this once more.
    pub again: String,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            seed: 1,
            nodes: 2,
            minutes: 5,
            calm: 10,
            troubles: Vec::new(),
            crash_every: None,
            manifests: Vec::new(),
            steps: Vec::new(),
            probe: false,
            bug: None,
            enough: &[],
            again: "cargo test -p sim scenarios".into(),
        }
    }
}

impl Scenario {
    /// Every fault there is.
    pub fn rough(seed: u64) -> Scenario {
        let troubles = fault::TROUBLES.iter().map(|(_, trouble, _)| *trouble).collect();
        let again = format!("SIM_SEED={seed} cargo test -p sim --test simulation a_seed_of_choice -- --nocapture");
        Scenario { seed, troubles, crash_every: Some(20), probe: true, again, ..Scenario::default() }
    }

    /// The cluster whose seeds the tests run: every fault, and a deployment that grows, rolls and shrinks beside a stateful and
    /// a daemon set.
    pub fn usual(seed: u64) -> Scenario {
        let base = Scenario { minutes: 3, ..Scenario::rough(seed) };
        let cluster = base.deployment("web", 4).stateful_set("db", 2).daemon_set("agent");
        cluster.scale(45, "web", 7).roll(80, "web", "web:2").scale(110, "web", 3)
    }

    #[must_use]
    pub fn deployment(mut self, name: &str, replicas: i64) -> Scenario {
        self.manifests.extend(workload::deployment(name, replicas));
        self
    }

    #[must_use]
    pub fn stateful_set(mut self, name: &str, replicas: i64) -> Scenario {
        self.manifests.extend(workload::stateful_set(name, replicas));
        self
    }

    #[must_use]
    pub fn daemon_set(mut self, name: &str) -> Scenario {
        self.manifests.push(workload::daemon_set(name));
        self
    }

    #[must_use]
    pub fn at(mut self, second: u64, step: Step) -> Scenario {
        self.steps.push(Timed { second, step });
        self
    }

    #[must_use]
    pub fn scale(self, second: u64, name: &str, replicas: i64) -> Scenario {
        self.at(second, Step::Scale { namespace: "default".into(), name: name.into(), replicas })
    }

    #[must_use]
    pub fn roll(self, second: u64, name: &str, image: &str) -> Scenario {
        self.at(second, Step::Roll { namespace: "default".into(), name: name.into(), image: image.into() })
    }
}
