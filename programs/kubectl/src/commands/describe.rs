//! `kubectl describe`.

use crate::command::Command;
use crate::describe::describe;
use crate::failure::Failure;
use crate::flags::{ALL_NAMESPACES, CHUNKS, FILES, Flag, Kind, SELECTOR};
use crate::session::Session;
use crate::targets::{Query, Target};

const FLAGS: &[Flag] = &[Flag::of(Kind::Bool, "show-events", "true")];

pub const COMMAND: Command =
    Command::new("describe", "Show objects in words", "(-f FILE | TYPE [NAME-PREFIX | -l SELECTOR])")
        .flags(&[FLAGS, FILES, SELECTOR, ALL_NAMESPACES, CHUNKS])
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    if session.arguments().is_empty() && session.flags.list("filename").is_empty() {
        return Err(Failure::text(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported \
             resources.\n",
        ));
    }
    let query = Query { allow_empty_selector: true, latest: true, ..Query::of(session) };
    let found = query.find(session)?;
    let all_missing = !found.failures.is_empty() && found.failures.iter().all(Failure::is_not_found);
    if found.targets.is_empty() && all_missing && session.arguments().len() == 2 {
        let similar = with_prefix(session, &query)?;
        if !similar.is_empty() {
            return each_on_its_own(session, &similar);
        }
    }
    let (mut failures, none) = (found.failures, found.targets.is_empty());
    let mut first = true;
    for target in &found.targets {
        match describe(session, target, session.flags.has("show-events")) {
            Ok(page) => {
                session.console.print(if first { "" } else { "\n\n" });
                session.console.print(&page);
                first = false;
            }
            Err(failure) => failures.push(failure),
        }
    }
    if none && failures.is_empty() {
        match session.all_namespaces() {
            true => session.warn("No resources found"),
            false => session.warn(format!("No resources found in {} namespace.", session.namespace()?)),
        }
    }
    Failure::all(failures)
}

/// Pages that end with an empty line each, as upstream writes what it found by a prefix.
fn each_on_its_own(session: &Session<'_>, targets: &[Target]) -> Result<(), Failure> {
    for target in targets {
        session.say(describe(session, target, session.flags.has("show-events"))?);
    }
    Ok(())
}

/// A name that is not there may be the beginning of names that are.
fn with_prefix(session: &Session<'_>, query: &Query) -> Result<Vec<Target>, Failure> {
    let [kind, prefix] = session.arguments() else { return Ok(Vec::new()) };
    let all = Query { arguments: vec![kind.clone()], ..query.clone() };
    let mut targets = all.all(session)?;
    targets.retain(|target| target.name.starts_with(prefix.as_str()));
    Ok(targets)
}
