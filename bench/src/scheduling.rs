//! `bench scheduling`: T11 and T12 of the scheduler alone, without an API: how many pods a second it reads, places, and
//! takes in as bound. Checks that no node holds more than it has.

use jiff::Timestamp;
use meta::{Gvr, Object, Value, value};
use plan::Change;
use scheduler::{Outcome, Scheduler};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const ZONES: usize = 3;

/// What pods ask of their neighbours.
/// A sort of pods: its name, and what makes a plain pod one of it.
type Sort = (&'static str, fn(&mut Value));

const SORTS: [Sort; 5] = [
    ("nothing", |_| {}),
    ("spread by a service", |pod| label(pod, "app", "web")),
    ("spread over zones", |pod| spread(pod, "topology.kubernetes.io/zone")),
    ("spread over nodes", |pod| spread(pod, "kubernetes.io/hostname")),
    ("one a node", alone),
];

fn label(pod: &mut Value, key: &str, to: &str) {
    *pod.entry("metadata").entry("labels").entry(key) = to.into();
}

fn spread(pod: &mut Value, topology: &str) {
    label(pod, "own", "yes");
    let constraint = value!({
        "maxSkew": 5,
        "topologyKey": topology,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"own": "yes"}},
    });
    pod.set("spec.topologySpreadConstraints", vec![constraint]);
}

fn alone(pod: &mut Value) {
    label(pod, "alone", "yes");
    let term = value!({"labelSelector": {"matchLabels": {"alone": "yes"}}, "topologyKey": "kubernetes.io/hostname"});
    pod.set("spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution", vec![term]);
}

pub fn run(nodes: usize, pods: usize) -> Result<(), String> {
    for (sort, ask) in SORTS {
        let mut scheduler = Scheduler::default();
        fill(&mut scheduler, nodes)?;
        let pods = if sort == "one a node" { pods.min(nodes) } else { pods };
        let took = place_all(&mut scheduler, pods, ask)?;
        check(&scheduler)?;
        println!("{sort}: {pods} pods on {nodes} nodes, {:.0} pods/s", pods as f64 / took.as_secs_f64());
    }
    Ok(())
}

fn apply(
    scheduler: &mut Scheduler,
    resource: &str,
    old: Option<Arc<Object>>,
    new: &Value,
) -> Result<Arc<Object>, String> {
    let new = Arc::new(Object::from_value(new).map_err(|why| format!("{resource}: {why:?}"))?);
    let change = Change { resource: Gvr::new("", "v1", resource), key: new.key(), old, new: Some(new.clone()) };
    scheduler.apply(&change, Timestamp::UNIX_EPOCH).map_err(|why| format!("{resource}: {why:?}"))?;
    Ok(new)
}

fn fill(scheduler: &mut Scheduler, nodes: usize) -> Result<(), String> {
    let service = value!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}},
    });
    apply(scheduler, "services", None, &service)?;
    for nth in 0..nodes {
        let (name, zone) = (format!("node-{nth}"), format!("zone-{}", nth % ZONES));
        let labels = value!({"kubernetes.io/hostname": (&name), "topology.kubernetes.io/zone": zone});
        let node = value!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": (&name), "uid": (&name), "labels": labels},
            "status": {"allocatable": {"cpu": "32", "memory": "64Gi", "pods": "110"}},
        });
        apply(scheduler, "nodes", None, &node)?;
    }
    Ok(())
}

/// Each pod as the API would show it: waiting, and then bound.
fn place_all(scheduler: &mut Scheduler, pods: usize, ask: fn(&mut Value)) -> Result<Duration, String> {
    let mut took = Duration::ZERO;
    for nth in 0..pods {
        let name = format!("pod-{nth}");
        let requests = value!({"cpu": "100m", "memory": "500Mi"});
        let mut pod = value!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": (&name), "namespace": "default", "uid": (&name)},
            "spec": {
                "schedulerName": "default-scheduler",
                "containers": [{"name": "c", "image": "i", "resources": {"requests": requests}}],
            },
        });
        ask(&mut pod);
        let begun = Instant::now();
        let waiting = apply(scheduler, "pods", None, &pod)?;
        let decision = scheduler.next(Timestamp::UNIX_EPOCH, nth as u64).ok_or("a pod was lost")?;
        took += begun.elapsed();
        let Outcome::Placed { node, .. } = decision.outcome else { return Err(format!("{:?}", decision.outcome)) };
        pod.set("spec.nodeName", node);
        let begun = Instant::now();
        apply(scheduler, "pods", Some(waiting), &pod)?;
        took += begun.elapsed();
    }
    Ok(took)
}

fn check(scheduler: &Scheduler) -> Result<(), String> {
    for node in scheduler.cluster().nodes() {
        let (has, used) = (&node.facts.allocatable, &node.requested);
        let fits = used.milli_cpu <= has.milli_cpu && used.memory <= has.memory && node.pods.len() as i64 <= has.pods;
        if !fits {
            return Err(format!("{} holds more than it has: {used:?}", node.name()));
        }
    }
    Ok(())
}
