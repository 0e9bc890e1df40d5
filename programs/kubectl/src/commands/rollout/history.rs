//! `kubectl rollout history`.

use super::{WHICH, find, revisions};
use crate::command::Command;
use crate::describe::pod_template;
use crate::failure::Failure;
use crate::flags::{Flag, Kind, PRINT};
use crate::print::tabs;
use crate::session::Session;
use crate::targets::Target;

const FLAGS: &[Flag] = &[Flag::of(Kind::Int64, "revision", "0")];

pub const COMMAND: Command = Command::new("history", "Show past revisions", "(TYPE NAME | TYPE/NAME)")
    .flags(&[FLAGS, PRINT, WHICH[0], WHICH[1]])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let wanted = session.flags.number("revision");
    if wanted < 0 {
        return Err(Failure::text(format!("revision must be a positive integer: {wanted}")));
    }
    let found = find(session)?;
    let mut failures = found.failures;
    for target in &found.targets {
        failures.extend(show(session, target, wanted).err());
    }
    Failure::all(failures)
}

fn show(session: &Session<'_>, target: &Target, wanted: i64) -> Result<(), Failure> {
    let revisions = revisions(session, target)?;
    let word = target.word();
    if revisions.is_empty() {
        session.say(format!("{word} \nNo rollout history found."));
        return Ok(());
    }
    if wanted > 0 {
        let revision = revisions.iter().find(|revision| revision.number == wanted);
        let revision = revision.ok_or_else(|| Failure::text("unable to find the specified revision"))?;
        session.say(format!("{word} with revision #{wanted}\n{}", pod_template(&revision.template())));
        return Ok(());
    }
    let mut table = String::from("REVISION\tCHANGE-CAUSE\n");
    for revision in &revisions {
        table.push_str(&format!("{}\t{}\n", revision.number, revision.cause()));
    }
    session.say(format!("{word} \n{}", tabs::align(&table, tabs::PAGE)));
    Ok(())
}
