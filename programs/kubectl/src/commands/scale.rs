//! `kubectl scale`: the number of replicas, through the scale subresource.

use crate::change::{Change, DryRun};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL, DRY_RUN, FILES, Flag, PRINT, RECORD, SELECTOR};
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::waiting::{Deadline, until};
use crate::wire::Request;
use meta::value;

const FLAGS: &[Flag] = &[
    flags::number("replicas", "0"),
    flags::number("current-replicas", "-1"),
    flags::text("resource-version"),
    flags::duration("timeout", "0s"),
];

pub const COMMAND: Command =
    Command::new("scale", "Set the number of replicas", "--replicas=COUNT (-f FILE | TYPE NAME)")
        .flags(&[FLAGS, FILES, PRINT, DRY_RUN, ALL, SELECTOR, RECORD])
        .required(&["replicas"])
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if flags.number("replicas") < 0 {
        return Err(Failure::text(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    if flags.number("current-replicas") < -1 {
        return Err(Failure::text("The --current-replicas must specify an integer of -1 or greater"));
    }
    let change = Change::of(session)?;
    let query = Query { allow_empty_selector: flags.has("all"), ..Query::of(session) };
    let found = query.find(session)?;
    if !flags.text("resource-version").is_empty() && found.targets.len() > 1 {
        return Err(Failure::text("cannot use --resource-version with multiple resources"));
    }
    if found.targets.is_empty() {
        Failure::all(found.failures)?;
        return Err(Failure::text("no objects passed to scale"));
    }
    for target in &found.targets {
        if change.dry_run != DryRun::Client {
            scale(session, &change, target)?;
        }
        change.tell(session, &target.object, "scaled")?;
    }
    Failure::all(found.failures)
}

fn scale(session: &Session<'_>, change: &Change, target: &Target) -> Result<(), Failure> {
    let flags = &session.flags;
    let (count, path) = (flags.number("replicas"), format!("{}/scale", target.path()));
    let (expected, version) = (flags.number("current-replicas"), flags.text("resource-version"));
    if expected >= 0 || !version.is_empty() {
        let mut now = session.door()?.call(Request::get(path.clone()))?;
        let (seen, seen_version) = (now.int("spec.replicas"), now.str("metadata.resourceVersion").to_string());
        if expected >= 0 && seen != expected {
            return Err(Failure::text(format!("Expected replicas to be {expected}, was {seen}")));
        }
        if !version.is_empty() && seen_version != version {
            return Err(Failure::text(format!("Expected resource version to be {version}, was {seen_version}")));
        }
        now.set("spec.replicas", count);
        session.door()?.call(change.dry_run.ask(Request::put(path, &now)))?;
    } else {
        let patch = value!({"spec": {"replicas": count}});
        let request = Request::patch(path, "application/merge-patch+json", patch.to_json());
        session.door()?.call(change.dry_run.ask(request))?;
    }
    let timeout = flags.duration("timeout");
    if timeout == 0 || change.dry_run != DryRun::No {
        return Ok(());
    }
    until(session, target, Deadline::after(session, timeout), &mut |object| {
        Ok(object.is_none_or(|object| object.int("status.replicas") == count))
    })
}
