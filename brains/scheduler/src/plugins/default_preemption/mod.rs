//! Pushes out pods of a lower priority where that makes room: on the node where it hurts least.

mod candidate;

use crate::framework::{Afterwards, Diagnosis, Plugin, PostFilter, counted};
use crate::pod::PodInfo;
use crate::trial::Trial;
use candidate::{Candidate, Without, candidate};
use meta::CompactString;
use std::collections::HashMap;

const HOPELESS: &str = "Preemption is not helpful for scheduling";
/// So many candidates are enough to choose from, or a tenth of the nodes.
const FEW_CANDIDATES: usize = 100;

pub struct DefaultPreemption;

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }

    fn post_filter(&self) -> Option<&dyn PostFilter> {
        Some(self)
    }
}

impl PostFilter for DefaultPreemption {
    fn after(&self, trial: &mut Trial<'_>, diagnosis: &Diagnosis, random: u64) -> Afterwards {
        if let Some(why) = ineligible(trial, diagnosis) {
            return Afterwards::Wait(format!("preemption: {why}"));
        }
        let (candidates, mut reasons) = search(trial, diagnosis, random);
        if let Some(best) = candidates.into_iter().min_by_key(Candidate::cost) {
            return Afterwards::Preempt(best.into());
        }
        let looked_at = diagnosis.hopeful().count();
        if diagnosis.nodes() > looked_at {
            *reasons.entry(HOPELESS.into()).or_default() += diagnosis.nodes() - looked_at;
        }
        let counts = reasons.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        Afterwards::Hopeless(format!("preemption: 0/{} nodes are available:{}", diagnosis.nodes(), counted(counts)))
    }
}

/// Those who were pushed out for it already may take their time to leave.
fn ineligible(trial: &Trial<'_>, diagnosis: &Diagnosis) -> Option<&'static str> {
    let (pod, cluster) = (trial.pod(), trial.cluster());
    if !pod.preempts {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let promised = cluster.nominated_node(pod.uid()).filter(|name| diagnosis.hopeful().any(|node| node == *name))?;
    let leaves = |other: &&std::sync::Arc<PodInfo>| other.is_leaving() || cluster.is_preempted(other.uid());
    let mut leaving = cluster.node(promised)?.pods.iter().filter(leaves);
    let waits = leaving.any(|other| other.priority < pod.priority);
    waits.then_some("not eligible due to a terminating pod on the nominated node.")
}

type Reasons = HashMap<String, usize>;

/// Begins anywhere, so that not the same nodes lose their pods every time.
fn search(trial: &mut Trial<'_>, diagnosis: &Diagnosis, random: u64) -> (Vec<Candidate>, Reasons) {
    let nodes: Vec<&CompactString> = diagnosis.hopeful().collect();
    let wanted = FEW_CANDIDATES.max(nodes.len() / 10);
    let start = random.checked_rem(nodes.len() as u64).unwrap_or(0) as usize;
    let (mut candidates, mut reasons) = (Vec::new(), Reasons::new());
    let mut harmless = false;
    for node in nodes.iter().cycle().skip(start).take(nodes.len()) {
        match candidate(trial, node) {
            Ok(found) => {
                harmless |= found.violations == 0;
                candidates.push(found);
            }
            Err(Without(why)) => why.into_iter().for_each(|reason| *reasons.entry(reason).or_default() += 1),
        }
        if harmless && candidates.len() >= wanted {
            break;
        }
    }
    (candidates, reasons)
}
