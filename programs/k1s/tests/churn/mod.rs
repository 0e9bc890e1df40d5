//! Pods that come and go, and a book of what was acknowledged.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// More than so many are not held at once.
const MOST: usize = 12;
const AWAY: Duration = Duration::from_millis(20);

/// Numbers that follow from a seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub fn fork(&mut self) -> Dice {
        Dice(self.below(u64::MAX))
    }
}

pub fn pod(name: &str) -> Pod {
    let container = json!({"name": "main", "image": "k1s/demo"});
    let spec = json!({"terminationGracePeriodSeconds": 1, "containers": [container]});
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).expect("a pod")
}

/// What the server has said yes to. A name that an unanswered request was about is in neither list.
#[derive(Clone, Default)]
pub struct Known {
    standing: BTreeMap<String, String>,
    ended: BTreeSet<String>,
    made: usize,
}

impl Known {
    pub fn made(&self) -> usize {
        self.made
    }

    pub fn ended(&self) -> usize {
        self.ended.len()
    }

    /// What stood before and after a list was taken is in it, and what had ended before does not stand in it.
    pub fn compare(&self, listed: &[Pod], after: &Known) {
        let alive = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none();
        let uids: BTreeSet<&str> = listed.iter().filter(alive).filter_map(|pod| pod.metadata.uid.as_deref()).collect();
        for (name, uid) in self.standing.iter().filter(|(name, _)| after.standing.contains_key(*name)) {
            assert!(uids.contains(uid.as_str()), "pod {name} was acknowledged and is lost");
        }
        for uid in &self.ended {
            assert!(!uids.contains(uid.as_str()), "pod {uid} was deleted and is back");
        }
    }
}

pub struct Churn {
    known: Arc<Mutex<Known>>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Churn {
    pub fn start(pods: Api<Pod>, dice: Dice) -> Churn {
        let (known, stop) = (Arc::<Mutex<Known>>::default(), Arc::new(AtomicBool::new(false)));
        let task = tokio::spawn(run(pods, dice, known.clone(), stop.clone()));
        Churn { known, stop, task }
    }

    pub fn known(&self) -> Known {
        self.known.lock().expect("no holder panics").clone()
    }

    pub async fn stop(self) -> Known {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("the coming and going ends well");
        self.known.lock().expect("no holder panics").clone()
    }
}

async fn run(pods: Api<Pod>, mut dice: Dice, known: Arc<Mutex<Known>>, stop: Arc<AtomicBool>) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let standing = known.lock().expect("no holder panics").standing.len();
        let answered = if standing >= MOST || (standing > 0 && dice.below(3) == 0) {
            remove(&pods, dice.below(standing as u64) as usize, &known).await
        } else {
            number += 1;
            create(&pods, &format!("passing-{number}"), &known).await
        };
        let pause = if answered { Duration::from_millis(dice.below(60)) } else { AWAY };
        tokio::time::sleep(pause).await;
    }
}

async fn create(pods: &Api<Pod>, name: &str, known: &Mutex<Known>) -> bool {
    let Ok(made) = pods.create(&PostParams::default(), &pod(name)).await else { return false };
    let mut known = known.lock().expect("no holder panics");
    known.made += 1;
    known.standing.insert(name.into(), made.metadata.uid.expect("a pod has a uid"));
    true
}

/// From the moment it is asked for, nobody can say whether it stands.
async fn remove(pods: &Api<Pod>, nth: usize, known: &Mutex<Known>) -> bool {
    let chosen = known.lock().expect("no holder panics").standing.iter().nth(nth).map(|(name, _)| name.clone());
    let Some(name) = chosen else { return false };
    let uid = known.lock().expect("no holder panics").standing.remove(&name);
    if pods.delete(&name, &DeleteParams::default()).await.is_err() {
        return false;
    }
    known.lock().expect("no holder panics").ended.extend(uid);
    true
}
