//! One node, and the fewest pods that would have to leave it.

use crate::framework::{Preemption, Reasons};
use crate::pod::PodInfo;
use crate::trial::Trial;
use jiff::Timestamp;
use meta::CompactString;
use std::cmp::Reverse;
use std::sync::Arc;

const NO_VICTIMS: &str = "No preemption victims found for incoming pod";

pub struct Candidate {
    node: CompactString,
    /// The most important first; never none.
    victims: Vec<Arc<PodInfo>>,
    /// How many of them a disruption budget would keep.
    pub violations: usize,
}

/// Why a node is no candidate.
pub struct Without(pub Vec<String>);

impl Candidate {
    /// What is compared, in this order: broken budgets, the most important victim, the importance of all, their number;
    /// of equals, the one whose most important victims have run the shortest.
    pub fn cost(&self) -> (usize, i32, i64, usize, Reverse<Timestamp>) {
        let top = self.victims.first().map_or(i32::MIN, |victim| victim.priority);
        // Shifted, so that many victims of a negative priority cost more than few.
        let all = self.victims.iter().map(|victim| i64::from(victim.priority) - i64::from(i32::MIN)).sum();
        let most_important = self.victims.iter().take_while(|victim| victim.priority == top);
        let oldest = most_important.map(|victim| started(victim)).min().unwrap_or(Timestamp::MAX);
        (self.violations, top, all, self.victims.len(), Reverse(oldest))
    }
}

impl From<Candidate> for Preemption {
    fn from(Candidate { node, victims, .. }: Candidate) -> Preemption {
        Preemption { node, victims }
    }
}

/// One that has not started yet is the youngest.
fn started(pod: &PodInfo) -> Timestamp {
    pod.started.unwrap_or(Timestamp::MAX)
}

fn importance(pod: &Arc<PodInfo>) -> (Reverse<i32>, Timestamp) {
    (Reverse(pod.priority), started(pod))
}

pub fn candidate(trial: &mut Trial<'_>, node: &CompactString) -> Result<Candidate, Without> {
    let nobody = || Without(vec![NO_VICTIMS.into()]);
    let lesser = lesser(trial, node);
    if lesser.is_empty() {
        return Err(nobody());
    }
    lesser.iter().for_each(|pod| trial.take_away(pod.uid()));
    if let Some(reasons) = reasons(trial, node) {
        trial.put_all_back();
        return Err(Without(reasons));
    }
    let (violating, others) = trial.cluster().budgets().split(lesser);
    let mut victims = reprieve(trial, node, violating);
    let violations = victims.len();
    victims.extend(reprieve(trial, node, others));
    trial.put_all_back();
    victims.sort_by_key(importance);
    if victims.is_empty() { Err(nobody()) } else { Ok(Candidate { node: node.clone(), victims, violations }) }
}

/// The pods of a node that are less important, the most important of them first.
fn lesser(trial: &Trial<'_>, node: &CompactString) -> Vec<Arc<PodInfo>> {
    let pods = trial.cluster().node(node).map_or(&[][..], |node| &node.pods[..]);
    let mut lesser: Vec<_> = pods.iter().filter(|other| other.priority < trial.pod().priority).cloned().collect();
    lesser.sort_by_key(importance);
    lesser
}

/// Lets as many stay as can; answers those who cannot.
fn reprieve(trial: &mut Trial<'_>, node: &CompactString, pods: Vec<Arc<PodInfo>>) -> Vec<Arc<PodInfo>> {
    let mut victims = Vec::new();
    for pod in pods {
        trial.put_back(pod.uid());
        if reasons(trial, node).is_some() {
            trial.take_away(pod.uid());
            victims.push(pod);
        }
    }
    victims
}

fn reasons(trial: &Trial<'_>, node: &CompactString) -> Option<Vec<String>> {
    let refusal = trial.refusal(trial.cluster().node(node)?)?;
    Some(match refusal.reasons {
        Reasons::One(reason) => vec![reason.to_owned()],
        Reasons::Many(reasons) => reasons.into_iter().map(String::from).collect(),
    })
}
