//! The cluster: its parts, and how each of them dies and comes back.

mod node;
mod server;

use crate::door::Door;
use crate::fault::Trouble;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::planted;
use crate::prober::Prober;
use crate::run::RunError;
use crate::scenario::{Part, Scenario};
use crate::timeline::Timeline;
use apiserver::identity::{Identity, MASTERS};
use client::Caches;
use clock::{Clock, VirtualClock};
use controllers::{ALL, Settings};
use node::Node;
use runner::{Profile, Runner, Running, start_scheduler};
use server::Server;
use std::sync::Arc;

const MANAGER: &str = "kube-controller-manager";

pub struct Cluster {
    pub gate: Arc<Gate>,
    pub timeline: Timeline,
    pub server: Server,
    pub nodes: Vec<Node>,
    pub observer: Observer,
    /// An administrator, whom no fault but the server's absence concerns.
    pub admin: Arc<Door>,
    doors: Doors,
    controllers: Vec<Running>,
    scheduler: Option<Running>,
    /// Whether each controller has caches of its own, which may disagree.
    apart: bool,
    _prober: Option<Prober>,
}

/// Makes doors, each with dice of its own, so that one component's calls do not change another's luck.
#[derive(Clone)]
pub struct Doors {
    gate: Arc<Gate>,
    dice: Arc<VirtualClock>,
}

impl Doors {
    pub fn open(&self, identity: Identity, manager: &'static str, part: Option<Part>) -> Arc<Door> {
        let dice = Arc::new(VirtualClock::new(self.dice.random()));
        Arc::new(Door { gate: self.gate.clone(), identity, manager, dice, part })
    }
}

impl Cluster {
    pub async fn start(scenario: &Scenario, dice: Arc<VirtualClock>, gate: Arc<Gate>) -> Result<Cluster, RunError> {
        let server = Server::start(gate.clone(), &dice).await?;
        let doors = Doors { gate: gate.clone(), dice: dice.clone() };
        let admin = doors.open(Identity::new("admin", &[MASTERS]), "admin", None);
        let watching = doors.open(Identity::new("observer", &[MASTERS]), "observer", None);
        let observer = Observer::start(&watching);
        let timeline = gate.timeline.clone();
        let nodes = (0..scenario.nodes).map(|number| Node::new(number, &dice)).collect::<Result<_, _>>()?;
        let (controllers, scheduler) = (Vec::new(), None);
        let apart = scenario.troubles.contains(&Trouble::Stale);
        let _prober = scenario.probe.then(|| Prober::start(&gate, &VirtualClock::new(dice.random())));
        let mut cluster =
            Cluster { gate, timeline, server, nodes, observer, admin, doors, controllers, scheduler, apart, _prober };
        cluster.start_controllers();
        cluster.start_scheduler();
        for node in &mut cluster.nodes {
            node.start(&cluster.doors).await?;
        }
        Ok(cluster)
    }

    fn new_clock(&self) -> Arc<dyn Clock> {
        Arc::new(SharedTime { time: self.server.clock.clone(), dice: VirtualClock::new(self.doors.dice.random()) })
    }

    fn start_controllers(&mut self) {
        let settings = Settings { root_ca: "PEM".into(), ..Settings::default() };
        let mut runner = self.new_runner();
        let mut all = Vec::new();
        for make in ALL {
            let controller = planted::controller::plant(self.gate.bug, make(&settings));
            let identity = Identity::service_account("kube-system", controller.identity());
            if self.apart {
                runner = self.new_runner();
            }
            all.push(runner.start(controller, self.doors.open(identity, MANAGER, Some(Part::Controllers))));
        }
        self.controllers = all;
    }

    /// With caches that begin empty.
    fn new_runner(&self) -> Runner {
        let clock = self.new_clock();
        let identity = Identity::new("system:kube-controller-manager", &[]);
        let reader = self.doors.open(identity, MANAGER, Some(Part::Controllers));
        Runner::new(Caches::new(reader, clock.clone()), clock)
    }

    fn start_scheduler(&mut self) {
        let clock = self.new_clock();
        let door =
            self.doors.open(Identity::new("system:kube-scheduler", &[]), "kube-scheduler", Some(Part::Scheduler));
        let caches = Caches::new(door.clone(), clock.clone());
        self.scheduler = Some(start_scheduler(&caches, door, clock, Profile::default()));
    }

    /// Ends a part in the middle of whatever it does, and starts it anew.
    pub async fn crash(&mut self, part: Part) -> Result<(), RunError> {
        self.timeline.tell(format_args!("crash {part:?}"));
        match part {
            Part::Api => {
                let revision = self.server.crash().await?;
                self.observer.check_reach(revision);
            }
            Part::Controllers => {
                self.controllers.clear();
                self.start_controllers();
            }
            Part::Scheduler => {
                self.scheduler = None;
                self.start_scheduler();
            }
            Part::Kubelet(number) => self.restart_node(number, false).await?,
            Part::Machine(number) => self.restart_node(number, true).await?,
        }
        Ok(())
    }

    async fn restart_node(&mut self, number: usize, machine: bool) -> Result<(), RunError> {
        let count = self.nodes.len().max(1);
        let Some(node) = self.nodes.get_mut(number % count) else { return Ok(()) };
        node.stop(machine);
        node.start(&self.doors).await
    }
}

/// The common time with dice of its own: a component that was restarted throws anew.
struct SharedTime {
    time: Arc<VirtualClock>,
    dice: VirtualClock,
}

impl Clock for SharedTime {
    fn now(&self) -> jiff::Timestamp {
        self.time.now()
    }

    fn random(&self) -> u64 {
        self.dice.random()
    }
}
