//! `kubectl rollout`: the way from one template to the next.

mod history;
mod marks;
mod status;
mod undo;

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{FILES, SELECTOR};
use crate::session::Session;
use crate::targets::{Found, Query, Target};
use crate::wire::Request;
use meta::Value;

const COMMANDS: &[Command] =
    &[history::COMMAND, marks::PAUSE, marks::RESTART, marks::RESUME, status::COMMAND, undo::COMMAND];

pub const COMMAND: Command = Command::new("rollout", "Manage a rollout", "SUBCOMMAND").commands(COMMANDS);

const WHICH: [&[crate::flags::Flag]; 2] = [FILES, SELECTOR];
const REVISION: &str = "deployment.kubernetes.io/revision";

fn find(session: &Session<'_>) -> Result<Found, Failure> {
    if session.arguments().is_empty() && session.flags.list("filename").is_empty() {
        return Err(Failure::text("required resource not specified"));
    }
    let found = Query { allow_empty_selector: true, latest: true, ..Query::of(session) }.find(session)?;
    if found.targets.is_empty() && found.failures.is_empty() {
        session.warn(format!("No resources found in {} namespace.", session.namespace()?));
    }
    Ok(found)
}

/// Upstream's name of a kind: `apps/v1, Kind=...` without the version.
fn group_kind(target: &Target) -> String {
    crate::discovery::with_group(&target.resource.kind, &target.resource.group)
}

/// The objects of a kind that this one controls.
fn controlled(session: &Session<'_>, target: &Target, plural: &str) -> Result<Vec<Value>, Failure> {
    let path = format!("/apis/apps/v1/namespaces/{}/{plural}", target.namespace);
    let list = session.door()?.call(Request::get(path))?;
    let uid = target.object.str("metadata.uid");
    let ours = |object: &&Value| {
        let mut owners = object.items("metadata.ownerReferences").iter();
        owners.any(|owner| owner.bool("controller") && owner.str("uid") == uid)
    };
    Ok(list.items("items").iter().filter(ours).cloned().collect())
}

/// Revisions with their templates and what caused them, the oldest first.
struct Revision {
    number: i64,
    object: Value,
}

fn revisions(session: &Session<'_>, target: &Target) -> Result<Vec<Revision>, Failure> {
    let (plural, number): (&str, fn(&Value) -> i64) = match target.kind() {
        ("apps", "Deployment") => ("replicasets", |object| {
            object.at("metadata.annotations").get(REVISION).as_str().and_then(|n| n.parse().ok()).unwrap_or(0)
        }),
        ("apps", "DaemonSet" | "StatefulSet") => ("controllerrevisions", |object| object.int("revision")),
        _ => {
            return Err(Failure::text(format!(
                "no history viewer has been implemented for {}",
                meta::quote(&group_kind(target))
            )));
        }
    };
    let owned = controlled(session, target, plural)?;
    let mut found: Vec<Revision> =
        owned.into_iter().map(|object| Revision { number: number(&object), object }).collect();
    found.sort_by_key(|revision| revision.number);
    Ok(found)
}

impl Revision {
    fn template(&self) -> Value {
        match self.object.str("kind") {
            "ControllerRevision" => {
                let mut template = self.object.at("data.spec.template").clone();
                template.remove("$patch");
                template
            }
            _ => self.object.at("spec.template").clone(),
        }
    }

    fn cause(&self) -> &str {
        match self.object.at("metadata.annotations").get("kubernetes.io/change-cause").as_str() {
            None | Some("") => "<none>",
            Some(cause) => cause,
        }
    }
}
