//! `kubectl patch`.

use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, DRY_RUN, FILES, Flag, Kind, LOCAL, PRINT, RECORD, SUBRESOURCE};
use crate::print::Format;
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::Value;

const FLAGS: &[Flag] = &[
    flags::text("patch").short('p'),
    flags::text("patch-file"),
    Flag::of(Kind::Text, "type", "strategic"),
    flags::text("field-manager"),
];

pub const COMMAND: Command = Command::new("patch", "Change fields of an object", "(-f FILE | TYPE NAME) -p PATCH")
    .flags(&[FLAGS, FILES, PRINT, DRY_RUN, LOCAL, RECORD, SUBRESOURCE])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let patch = text(session)?;
    let content_type = match flags.text("type").to_lowercase().as_str() {
        "json" => "application/json-patch+json",
        "merge" => "application/merge-patch+json",
        "strategic" => "application/strategic-merge-patch+json",
        other => {
            let text = format!("--type must be one of [json merge strategic], not {}", meta::quote(other));
            return Err(Failure::text(text));
        }
    };
    let patch = as_json(&patch)?;
    let change = Change::of(session)?;
    let found = Query { names_only: session.flags.list("filename").is_empty(), ..Query::of(session) }.find(session)?;
    let (mut failures, count) = (found.failures, found.targets.len());
    for target in found.targets {
        failures.extend(one(session, &change, target, content_type, &patch).err());
    }
    Failure::all(failures)?;
    if count == 0 { Err(Failure::text("no objects passed to patch")) } else { Ok(()) }
}

/// JSON goes to the server as it is: what is wrong with it the server says.
fn as_json(text: &str) -> Result<Vec<u8>, Failure> {
    if text.trim_start().starts_with('{') {
        return Ok(text.as_bytes().to_vec());
    }
    let parsed = schema::yaml::parse(text.as_bytes());
    let parsed = parsed.map_err(|why| Failure::text(format!("unable to parse {}: {why}", meta::quote(text))))?;
    Ok(parsed.value.to_json())
}

fn text(session: &Session<'_>) -> Result<String, Failure> {
    let (patch, file) = (session.flags.text("patch"), session.flags.text("patch-file"));
    match (patch, file) {
        ("", "") => Err(Failure::text("must specify --patch or --patch-file containing the contents of the patch")),
        (patch, "") => Ok(patch.to_string()),
        ("", file) => std::fs::read_to_string(file)
            .map_err(|_| Failure::text(format!("unable to read patch file: open {file}: no such file or directory"))),
        _ => Err(Failure::text("cannot specify --patch and --patch-file together")),
    }
}

fn one(
    session: &Session<'_>,
    change: &Change,
    mut target: Target,
    content_type: &'static str,
    patch: &[u8],
) -> Result<(), Failure> {
    target.fetch(session)?;
    // The server itself says what a dry run of the client would give.
    let ask = if change.dry_run == DryRun::Client { DryRun::Server } else { change.dry_run };
    let path = match session.flags.text("subresource") {
        "" => target.path(),
        sub => format!("{}/{sub}", target.path()),
    };
    let request = Request::patch(path, content_type, patch.to_vec())
        .with("fieldManager", field_manager(session, "kubectl-patch"));
    let after = session.door()?.call(ask.ask(request))?;
    let same = after.at("metadata.resourceVersion") == target.object.at("metadata.resourceVersion");
    let unchanged = if change.dry_run == DryRun::No { same } else { same && alike(&after, &target.object) };
    let operation = if unchanged { "patched (no change)" } else { "patched" };
    match change.prints_objects() || !matches!(change.printer.format, Format::Human) {
        true => change.tell(session, &after, operation),
        // Upstream does not say here that it was a dry run.
        false => {
            session.say(format!("{} {operation}", target.word()));
            Ok(())
        }
    }
}

fn alike(a: &Value, b: &Value) -> bool {
    let bare = |value: &Value| {
        let mut bare = value.clone();
        bare.remove("metadata.managedFields");
        bare.remove("metadata.generation");
        bare
    };
    bare(a) == bare(b)
}
