//! What must hold: at every acknowledgement, and of the whole once faults have stopped.

mod survey;
mod workloads;

use crate::fault;
use crate::gate::Gate;
use apiserver::identity::Identity;
use client::{Answer, Request};
use kinds::Verb;
use meta::Object;
use std::collections::BTreeSet;

pub use survey::{Survey, addresses_unique};
pub use workloads::desired_is_actual;

const COLLECTOR: &str = "system:serviceaccount:kube-system:generic-garbage-collector";

/// Looks at an answer before its caller does. `promised` is what had been acknowledged when the call began.
pub fn answered(gate: &Gate, who: &Identity, request: &Request, promised: u64, answer: &Answer) {
    match answer {
        Answer::Object(object) if fault::writes(request) => {
            gate.ledger.promise(object.header.resource_version);
            if request.verb == Verb::Delete && who.name == COLLECTOR {
                collected(gate, object);
            }
        }
        Answer::List { resource_version, .. } if asks_for_newest(request) && *resource_version < promised => {
            let what = &request.resource.resource;
            gate.timeline.violation(format_args!("a list of {what} at {resource_version} is older than {promised}"));
        }
        _ => {}
    }
}

fn asks_for_newest(request: &Request) -> bool {
    request.verb == Verb::List && request.list.resource_version.is_empty() && request.list.continue_token.is_empty()
}

/// The collector may delete what no living owner holds.
fn collected(gate: &Gate, object: &Object) {
    let owners: BTreeSet<&str> = object.header.owner_references.iter().map(|owner| owner.uid.as_str()).collect();
    let all = gate.ledger.living(&owners);
    if let Some(owner) = all.iter().find(|owner| owner.header.deletion_timestamp.is_none()) {
        gate.timeline.violation(format_args!("{} was collected while its owner {} lives", object.key(), owner.key()));
    }
}
