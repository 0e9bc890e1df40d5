//! `kubectl rollout undo`: back to an earlier template.

use super::{REVISION, Revision, WHICH, find, group_kind, revisions};
use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::describe::pod_template;
use crate::failure::Failure;
use crate::flags::{DRY_RUN, Flag, Kind, PRINT, text};
use crate::session::Session;
use crate::targets::Target;
use crate::wire::Request;
use meta::{Map, Value, quote, value};

const FLAGS: &[Flag] = &[Flag::of(Kind::Int64, "to-revision", "0"), text("field-manager")];
const HASH: &str = "pod-template-hash";
/// What belongs to the deployment rather than to a revision.
const OWN_ANNOTATIONS: [&str; 6] = [
    crate::last_applied::ANNOTATION,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

pub const COMMAND: Command = Command::new("undo", "Go back to an earlier revision", "TYPE NAME")
    .flags(&[FLAGS, PRINT, DRY_RUN, WHICH[0], WHICH[1]])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let change = Change::of(session)?;
    let found = find(session)?;
    let mut failures = found.failures;
    for target in &found.targets {
        failures.extend(undo(session, &change, target).err());
    }
    Failure::all(failures)
}

fn undo(session: &Session<'_>, change: &Change, target: &Target) -> Result<(), Failure> {
    let wanted = session.flags.number("to-revision");
    let word = group_kind(target);
    let revisions = revisions(session, target).map_err(|failure| {
        if failure.to_string().contains("history viewer") {
            Failure::text(format!("no rollbacker has been implemented for {}", quote(&word)))
        } else {
            failure
        }
    })?;
    let revision = chosen(target, &revisions, wanted)?;
    let template = restored(revision);
    if change.dry_run == DryRun::Client {
        let text = format!("will roll back to {}", pod_template(&template));
        session.say(format!("{} {text}", target.word()));
        return Ok(());
    }
    if target.object.bool("spec.paused") {
        return Err(Failure::text(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    if &template == target.object.at("spec.template") {
        let text = format!("skipped rollback (current template already matches revision {})", revision.number);
        session.say(format!("{} {text}", target.word()));
        return Ok(());
    }
    let request =
        Request::patch(target.path(), "application/json-patch+json", patch(target, revision, template).to_json())
            .with("fieldManager", field_manager(session, "kubectl-rollout"));
    let object = session
        .door()?
        .call(change.dry_run.ask(request))
        .map_err(|failure| Failure::text(format!("failed restoring revision {wanted}: {failure}")))?;
    change.tell(session, &object, "rolled back")
}

fn chosen<'r>(target: &Target, revisions: &'r [Revision], wanted: i64) -> Result<&'r Revision, Failure> {
    let deployment = target.resource.kind == "Deployment";
    if wanted > 0 {
        let found = revisions.iter().find(|revision| revision.number == wanted);
        return found.ok_or_else(|| Failure::text(format!("unable to find specified revision {wanted} in history")));
    }
    match (revisions.len().checked_sub(2), deployment) {
        (Some(previous), _) => Ok(&revisions[previous]),
        (None, true) => Err(Failure::text(format!("no rollout history found for deployment {}", quote(&target.name)))),
        (None, false) => Err(Failure::text("no last revision to roll back to")),
    }
}

/// The revision's template without what its controller added.
fn restored(revision: &Revision) -> Value {
    let mut template = revision.template();
    if let Some(labels) = template.at_mut("metadata.labels").and_then(Value::as_map_mut) {
        labels.remove(HASH);
    }
    template
}

fn patch(target: &Target, revision: &Revision, template: Value) -> Value {
    let mut operations = vec![value!({"op": "replace", "path": "/spec/template", "value": template})];
    if target.resource.kind == "Deployment" {
        let mut annotations = Map::default();
        for (name, text) in target.object.fields("metadata.annotations") {
            if OWN_ANNOTATIONS.contains(&name.as_str()) {
                annotations.insert(name.clone(), text.clone());
            }
        }
        for (name, text) in revision.object.fields("metadata.annotations") {
            if !OWN_ANNOTATIONS.contains(&name.as_str()) {
                annotations.insert(name.clone(), text.clone());
            }
        }
        operations.push(value!({"op": "replace", "path": "/metadata/annotations", "value": annotations}));
    }
    Value::List(operations)
}
