//! `kubectl taint`.

use super::taints::Changes;
use crate::change::{Change, DryRun, field_manager, field_validation};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL, DRY_RUN, Flag, PRINT, SELECTOR, VALIDATE};
use crate::session::Session;
use crate::strategic;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::Value;

const FLAGS: &[Flag] = &[flags::switch("overwrite"), flags::text("field-manager")];

pub const COMMAND: Command =
    Command::new("taint", "Change what keeps pods off a node", "NODE NAME KEY=VALUE:EFFECT ...")
        .flags(&[FLAGS, PRINT, DRY_RUN, VALIDATE, SELECTOR, ALL])
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let (resources, words) = divided(session)?;
    let change = Change::of(session)?;
    let Some((kind, names)) = resources.split_first() else {
        return Err(Failure::text("one or more resources must be specified as <resource> <name>"));
    };
    if words.is_empty() {
        return Err(Failure::text("at least one taint update is required"));
    }
    let changes = Changes::parse(&words).map_err(|why| session.usage(why))?;
    let kind = kind.to_lowercase();
    let unknown = |failure: Failure| Failure::Plain(failure.to_string());
    if !session.discovery()?.find(&kind).map_err(unknown)?.is("", "Node") {
        return Err(Failure::text(format!("invalid resource type {kind}, only node types are supported")));
    }
    let contradictions = changes.contradictions();
    if !contradictions.is_empty() {
        return Err(Failure::text(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            contradictions.join(", ")
        )));
    }
    let selector = !flags.text("selector").is_empty();
    if flags.has("all") && selector {
        return Err(Failure::text("setting 'all' parameter with a non empty selector is prohibited"));
    }
    if !flags.has("all") && !selector && names.is_empty() {
        return Err(Failure::text("at least one resource name must be specified since 'all' parameter is not set"));
    }
    let arguments = match flags.has("all") || selector {
        true => vec!["nodes".to_string()],
        false => names.iter().map(|name| format!("nodes/{name}")).collect(),
    };
    let found = Query { arguments, ..Query::of(session) }.find(session)?;
    let mut failures = found.failures;
    for node in &found.targets {
        failures.extend(one(session, &change, &changes, node).err());
    }
    Failure::all(failures)
}

/// The resources, and behind them the taints.
fn divided<'s>(session: &'s Session<'_>) -> Result<(Vec<&'s str>, Vec<&'s str>), Failure> {
    let (mut resources, mut taints) = (Vec::new(), Vec::new());
    for word in session.arguments().iter().map(String::as_str) {
        let is_taint = word.contains(['=', ':']) || word.ends_with('-');
        match is_taint {
            true => taints.push(word),
            false if taints.is_empty() => resources.push(word),
            false => {
                return Err(Failure::text(format!("all resources must be specified before taint changes: {word}")));
            }
        }
    }
    Ok((resources, taints))
}

fn one(session: &Session<'_>, change: &Change, changes: &Changes, node: &Target) -> Result<(), Failure> {
    let outcome = changes.apply(&node.object, session.flags.has("overwrite"));
    let (taints, operation) = outcome
        .map_err(|whys| Failure::all(whys.into_iter().map(Failure::text).collect()).expect_err("a complaint"))?;
    let mut after = node.object.clone();
    match taints.is_empty() {
        true => drop(after.remove("spec.taints")),
        false => after.set("spec.taints", Value::List(taints)),
    }
    if change.dry_run != DryRun::Client {
        let (content_type, patch) = strategic::between(&node.resource, &node.object, &after)?;
        let request = Request::patch(node.path(), content_type, patch.to_json())
            .with("fieldManager", field_manager(session, "kubectl-taint"))
            .with("fieldValidation", field_validation(session)?);
        after = session.door()?.call(change.dry_run.ask(request))?;
    }
    // Upstream does not say here that it was a dry run.
    change.tell_as_done(session, &after, operation)
}
