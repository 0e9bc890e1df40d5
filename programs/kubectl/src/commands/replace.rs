//! `kubectl replace`: objects as files say, whole; with `--force` deleted and made anew.

use super::delete::Deletion;
use crate::change::{Change, DryRun, field_manager, field_validation};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, DRY_RUN, FILES, Flag, Kind, PRINT, RECORD, SAVE_CONFIG, SUBRESOURCE, VALIDATE};
use crate::last_applied;
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::waiting::{Deadline, until_gone};
use crate::wire::Request;

const FLAGS: &[Flag] = &[
    Flag::of(Kind::Text, "cascade", "background").bare("background"),
    Flag::of(Kind::Int, "grace-period", "-1"),
    flags::switch("force"),
    flags::switch("wait"),
    flags::duration("timeout", "0s"),
    flags::text("raw"),
    flags::text("field-manager"),
];
const USUAL_TIMEOUT: i64 = 5 * 60 * 1_000_000_000;

pub const COMMAND: Command = Command::new("replace", "Replace objects by what files say", "-f FILE")
    .flags(&[FLAGS, FILES, PRINT, DRY_RUN, VALIDATE, SAVE_CONFIG, RECORD, SUBRESOURCE])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if flags.list("filename").is_empty() {
        return Err(Failure::text("must specify one of -f and -k"));
    }
    let change = Change::of(session)?;
    let force = flags.has("force");
    let refusals = [
        (flags.number("grace-period") >= 0 && !force, "--grace-period must have --force specified"),
        (flags.duration("timeout") != 0 && !force, "--timeout must have --force specified"),
        (force && change.dry_run != DryRun::No, "--dry-run can not be used when --force is set"),
    ];
    if let Some((_, why)) = refusals.into_iter().find(|(refused, _)| *refused) {
        return Err(Failure::text(why));
    }
    let raw = flags.text("raw");
    if !raw.is_empty() {
        return put_raw(session, raw);
    }
    let found = Query { arguments: Vec::new(), ..Query::of(session) }.find(session)?;
    let (mut failures, targets) = (found.failures, found.targets);
    if force {
        make_way(session, &targets)?;
    }
    for target in &targets {
        failures.extend(one(session, &change, target, force).err());
    }
    Failure::all(failures)?;
    if targets.is_empty() { Err(Failure::text("no objects passed to replace")) } else { Ok(()) }
}

fn put_raw(session: &Session<'_>, path: &str) -> Result<(), Failure> {
    let [file] = session.flags.list("filename") else {
        return Err(Failure::text("--raw can only use a single local file or stdin"));
    };
    if session.flags.has("recursive") {
        return Err(Failure::text("--raw and --recursive are mutually exclusive"));
    }
    if !session.flags.text("output").is_empty() {
        return Err(Failure::text("--raw and --output are mutually exclusive"));
    }
    let text = match file.as_str() {
        "-" => std::io::read_to_string(std::io::stdin())?,
        path => std::fs::read_to_string(path)?,
    };
    let parsed = schema::yaml::parse(text.as_bytes()).map_err(|why| Failure::text(why.to_string()))?;
    let answer = session.door()?.bytes(Request::put(path, &parsed.value))?;
    session.console.write(&answer);
    Ok(())
}

/// Deletes what is there and waits until it is gone.
fn make_way(session: &Session<'_>, targets: &[Target]) -> Result<(), Failure> {
    // What stands in the way may take its time, where a forced `delete` would not wait.
    let grace = match session.flags.number("grace-period") {
        0 => 1,
        grace => grace,
    };
    let deletion = Deletion::of(session)?.with_grace(grace);
    let timeout = match session.flags.duration("timeout") {
        0 => USUAL_TIMEOUT,
        timeout => timeout,
    };
    let mut gone = Vec::new();
    for target in targets {
        match deletion.delete(session, target) {
            Ok(uid) => gone.push((target, uid)),
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure),
        }
    }
    let deadline = Deadline::after(session, timeout);
    gone.into_iter().try_for_each(|(target, uid)| until_gone(session, target, &uid, deadline))
}

fn one(session: &Session<'_>, change: &Change, target: &Target, anew: bool) -> Result<(), Failure> {
    let mut object = target.object.clone();
    if session.flags.has("save-config") {
        last_applied::write(&mut object);
    }
    if change.dry_run != DryRun::Client {
        let request = match anew {
            true => Request::post(target.resource.collection(&target.namespace), &object),
            false => {
                let path = match session.flags.text("subresource") {
                    "" => target.path(),
                    sub => format!("{}/{sub}", target.path()),
                };
                if object.str("metadata.resourceVersion").is_empty() {
                    // Some kinds are replaced only by who has seen them; what is not there the server refuses itself.
                    if let Ok(current) = session.door()?.call(Request::get(target.path())) {
                        object.set("metadata.resourceVersion", current.str("metadata.resourceVersion"));
                    }
                }
                Request::put(path, &object)
            }
        };
        let request = request
            .with("fieldManager", field_manager(session, "kubectl-replace"))
            .with("fieldValidation", field_validation(session)?);
        let answer = session.door()?.call(change.dry_run.ask(request));
        object = match anew {
            true => answer?,
            false => answer.map_err(|failure| failure.while_doing("replacing", &target.source))?,
        };
    }
    change.tell(session, &object, "replaced")
}
