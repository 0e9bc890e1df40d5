//! What befalls the cluster by chance.

use crate::fault::Trouble;
use crate::scenario::{Part, Scenario, Step};
use clock::{Clock, VirtualClock};

const RESOURCES: [&str; 5] = ["pods", "replicasets", "deployments", "endpointslices", "nodes"];

/// A step of one of the scenario's troubles that concern whole parts.
pub fn draw(scenario: &Scenario, dice: &VirtualClock) -> Option<Step> {
    let of_parts = [Trouble::Crashes, Trouble::Disk, Trouble::Clocks, Trouble::Partitions, Trouble::Stale];
    let all: Vec<Trouble> = of_parts.into_iter().filter(|trouble| scenario.troubles.contains(trouble)).collect();
    let below = |limit: u64| dice.random() % limit.max(1);
    let trouble = all.get(below(all.len() as u64) as usize)?;
    let node = below(scenario.nodes as u64) as usize;
    Some(match trouble {
        Trouble::Crashes => Step::Crash(part(below(7), node)),
        Trouble::Disk => match below(3) {
            0 => Step::FailSync,
            1 => Step::FillDisk { seconds: 1 + below(10) },
            _ => Step::FailWrites { seconds: 1 + below(5) },
        },
        Trouble::Clocks => match below(2) {
            0 => Step::Skew { node, seconds: below(20) as i64 - 10 },
            _ => Step::Jump { seconds: below(40) as i64 - 15 },
        },
        Trouble::Partitions => Step::Cut { part: part(3 + below(3), node), seconds: 1 + below(60) },
        _ => {
            let resource = RESOURCES[below(RESOURCES.len() as u64) as usize].to_owned();
            Step::Hold { resource, seconds: 1 + below(30), forgotten: below(2) == 0, whose: None }
        }
    })
}

fn part(luck: u64, node: usize) -> Part {
    match luck {
        0..=2 => Part::Api,
        3 => Part::Controllers,
        4 => Part::Scheduler,
        5 => Part::Kubelet(node),
        _ => Part::Machine(node),
    }
}
