//! Other settings, and plugins from elsewhere at the points that no plugin of the default profile uses.

use crate::stage::{Stage, outcome};
use scheduler::framework::{Permit, Plugin, Refusal, Reserve};
use scheduler::plugins::{ResourceWeight, Settings, ShapePoint, Strategy};
use scheduler::{NodeInfo, PodInfo, Profile};
use std::sync::{Arc, Mutex};

#[test]
fn strategies_choose_the_empty_or_the_full() {
    let cpu = || vec![ResourceWeight { name: "cpu".into(), weight: 5 }];
    let rising = vec![ShapePoint { utilization: 0, score: 0 }, ShapePoint { utilization: 100, score: 10 }];
    for (strategy, expect) in [
        (Strategy::LeastAllocated(cpu()), "b"),
        (Strategy::MostAllocated(cpu()), "a"),
        (Strategy::RequestedToCapacityRatio(cpu(), rising), "a"),
    ] {
        let profile = Profile::new("default-scheduler", &Settings { fit: strategy.clone() });
        let mut stage = Stage::with(profile);
        stage.put_all("node a\nnode b\npod q cpu=2 on=a\npod p cpu=1");
        assert_eq!(stage.run()[0].1, expect, "{strategy:?}");
    }
}

/// Permits nothing on one node, and remembers what is set aside.
struct Warden {
    closed: &'static str,
    told: Arc<Mutex<Vec<String>>>,
}

impl Warden {
    fn tell(&self, what: &str, pod: &PodInfo, node: &str) {
        self.told.lock().unwrap().push(format!("{what} {} {node}", pod.object.header.name));
    }
}

impl Plugin for Warden {
    fn name(&self) -> &'static str {
        "Warden"
    }
    fn reserve(&self) -> Option<&dyn Reserve> {
        Some(self)
    }
    fn permit(&self) -> Option<&dyn Permit> {
        Some(self)
    }
}

impl Reserve for Warden {
    fn reserve(&self, pod: &PodInfo, node: &NodeInfo) -> Result<(), Refusal> {
        self.tell("reserve", pod, node.name());
        Ok(())
    }
    fn unreserve(&self, pod: &PodInfo, node: &str) {
        self.tell("unreserve", pod, node);
    }
}

impl Permit for Warden {
    fn permit(&self, _pod: &PodInfo, node: &NodeInfo) -> Result<(), Refusal> {
        if node.name() == self.closed { Err(Refusal::hopeful("node(s) were closed")) } else { Ok(()) }
    }
}

#[test]
fn what_is_reserved_is_given_back_when_it_comes_to_nothing() {
    for (closed, expect, told) in [
        ("a", "0/1 nodes are available: 1 node(s) were closed.", &["reserve p a", "unreserve p a"][..]),
        ("z", "a", &["reserve p a"]),
    ] {
        let log = Arc::new(Mutex::new(Vec::new()));
        let warden = Warden { closed, told: log.clone() };
        let mut stage = Stage::with(Profile::default().and(0, Box::new(warden)));
        stage.put_all("node a\npod p");
        let decision = stage.next().unwrap();
        assert_eq!(outcome(&decision), expect);
        assert_eq!(*log.lock().unwrap(), told);
        stage.fail(&decision);
        let given_back = log.lock().unwrap().iter().filter(|line| line.starts_with("unreserve")).count();
        assert_eq!(given_back, 1, "once, whether it was refused or not bound");
    }
}
