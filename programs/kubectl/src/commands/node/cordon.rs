//! `kubectl cordon` and `kubectl uncordon`.

use super::named;
use crate::change::Change;
use crate::change::DryRun;
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{DRY_RUN, SELECTOR};
use crate::session::Session;
use crate::strategic;
use crate::targets::Target;
use crate::wire::Request;

pub const CORDON: Command = Command::new("cordon", "Let no more pods onto a node", "NODE")
    .flags(&[DRY_RUN, SELECTOR])
    .run(|session| all(session, true));
pub const UNCORDON: Command = Command::new("uncordon", "Let pods onto a node again", "NODE")
    .flags(&[DRY_RUN, SELECTOR])
    .run(|session| all(session, false));

fn all(session: &Session<'_>, cordoned: bool) -> Result<(), Failure> {
    mark(session, &Change::of(session)?, &named(session)?, cordoned)
}

/// What fails is said, and the other nodes are marked all the same.
pub fn mark(session: &Session<'_>, change: &Change, nodes: &[Target], cordoned: bool) -> Result<(), Failure> {
    let word = if cordoned { "cordon" } else { "uncordon" };
    for node in nodes {
        let operation = match (node.resource.is("", "Node"), node.object.bool("spec.unschedulable") == cordoned) {
            (false, _) => "skipped".to_string(),
            (true, true) => format!("already {word}ed"),
            (true, false) => match send(session, change, node, cordoned) {
                Ok(()) => format!("{word}ed"),
                Err(failure) => {
                    let name = meta::quote(&node.name);
                    session.warn(format!("error: unable to {word} node {name}: {failure}"));
                    continue;
                }
            },
        };
        change.tell(session, &node.object, &operation)?;
    }
    Ok(())
}

fn send(session: &Session<'_>, change: &Change, node: &Target, cordoned: bool) -> Result<(), Failure> {
    if change.dry_run == DryRun::Client {
        return Ok(());
    }
    let mut after = node.object.clone();
    match cordoned {
        true => after.set("spec.unschedulable", true),
        false => drop(after.remove("spec.unschedulable")),
    }
    let (content_type, patch) = strategic::between(&node.resource, &node.object, &after)?;
    let request = Request::patch(node.path(), content_type, patch.to_json());
    session.door()?.call(change.dry_run.ask(request)).map(drop)
}
