//! `kubectl apply view-last-applied`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{ALL, FILES, Flag, Kind, SELECTOR};
use crate::go;
use crate::last_applied;
use crate::print::yaml;
use crate::session::Session;
use crate::targets::Query;

const FLAGS: &[Flag] = &[Flag::of(Kind::Text, "output", "yaml").short('o')];

pub const VIEW: Command = Command::new("view-last-applied", "Show what was applied last", "(TYPE NAME | -f FILE)")
    .flags(&[FLAGS, FILES, SELECTOR, ALL])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let format = session.flags.text("output");
    if !matches!(format, "yaml" | "json") {
        return Err(
            session.usage(format!("Unexpected -o output mode: {format}, the flag 'output' must be one of yaml|json"))
        );
    }
    let query = Query { latest: true, ..Query::of(session) };
    for target in query.all(session)? {
        let Some(applied) = last_applied::read(&target.object) else {
            session.warn(
                format!("no last-applied-configuration annotation found on resource: {}\n", target.name).trim_end(),
            );
            continue;
        };
        match format {
            "json" => session.say(go::json_indented(&applied, "  ")),
            _ => session.console.print(&yaml::write(&applied)),
        }
    }
    Ok(())
}
