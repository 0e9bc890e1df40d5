//! `kubectl rollout pause|resume|restart`: one field of the object.

use super::{WHICH, find};
use crate::change::field_manager;
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, PRINT, text};
use crate::print::{Format, Printer};
use crate::session::Session;
use crate::targets::Target;
use crate::wire::Request;
use meta::{Value, quote, value};

const FLAGS: &[Flag] = &[text("field-manager")];
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

pub const PAUSE: Command = Command::new("pause", "Hold a rollout", "TYPE NAME")
    .flags(&[FLAGS, PRINT, WHICH[0], WHICH[1]])
    .run(|session| mark(session, "paused", pause));
pub const RESUME: Command = Command::new("resume", "Let a paused rollout go on", "TYPE NAME")
    .flags(&[FLAGS, PRINT, WHICH[0], WHICH[1]])
    .run(|session| mark(session, "resumed", resume));
pub const RESTART: Command = Command::new("restart", "Replace all pods", "TYPE NAME")
    .flags(&[FLAGS, PRINT, WHICH[0], WHICH[1]])
    .run(|session| mark(session, "restarted", restart));

/// The patch, or why there is none.
type Make = fn(&Session<'_>, &Target) -> Result<Value, String>;

fn mark(session: &Session<'_>, operation: &str, make: Make) -> Result<(), Failure> {
    let printer = Printer::new(Format::of_change(&session.flags)?, &session.flags);
    let found = find(session)?;
    let mut failures = found.failures;
    for target in &found.targets {
        failures.extend(one(session, &printer, target, operation, make).err());
    }
    Failure::all(failures)
}

fn one(session: &Session<'_>, printer: &Printer, target: &Target, operation: &str, make: Make) -> Result<(), Failure> {
    let patch = make(session, target).map_err(|why| {
        let word = crate::discovery::with_group(&target.resource.plural, &target.resource.group);
        Failure::text(format!("error: {word} {} {why}", quote(&target.name)))
    })?;
    let request = Request::patch(target.path(), "application/strategic-merge-patch+json", patch.to_json())
        .with("fieldManager", field_manager(session, "kubectl-rollout"));
    let object =
        session.door()?.call(request).map_err(|failure| Failure::text(format!("failed to patch: {failure}")))?;
    match printer.format {
        Format::Human => session.say(format!("{} {operation}", target.word())),
        _ => session.console.print(&printer.render(&object)?),
    }
    Ok(())
}

fn is_deployment(target: &Target) -> bool {
    target.kind() == ("apps", "Deployment")
}

fn pause(_session: &Session<'_>, target: &Target) -> Result<Value, String> {
    match (is_deployment(target), target.object.bool("spec.paused")) {
        (false, _) => Err("pausing is not supported".into()),
        (true, true) => Err("is already paused".into()),
        (true, false) => Ok(value!({"spec": {"paused": true}})),
    }
}

fn resume(_session: &Session<'_>, target: &Target) -> Result<Value, String> {
    match (is_deployment(target), target.object.bool("spec.paused")) {
        (false, _) => Err("resuming is not supported".into()),
        (true, false) => Err("is not paused".into()),
        (true, true) => Ok(value!({"spec": {"paused": null}})),
    }
}

fn restart(session: &Session<'_>, target: &Target) -> Result<Value, String> {
    match target.kind() {
        ("apps", "Deployment") if target.object.bool("spec.paused") => {
            Err("can't restart paused deployment (run rollout resume first)".into())
        }
        ("apps", "Deployment" | "DaemonSet" | "StatefulSet") => {
            let now = session.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let mut annotations = Value::map();
            *annotations.entry(RESTARTED) = now.into();
            Ok(value!({"spec": {"template": {"metadata": {"annotations": annotations}}}}))
        }
        _ => Err("restarting is not supported".into()),
    }
}
