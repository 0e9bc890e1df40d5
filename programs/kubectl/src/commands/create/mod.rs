//! `kubectl create`: objects from files, and one command for each kind that is made from arguments.

mod binding;
mod configmap;
mod deployment;
mod ingress;
mod job;
mod namespace;
mod pdb;
mod priorityclass;
mod quota;
mod role;
mod secret;
mod service;
mod serviceaccount;
mod sources;
mod token;

use crate::change::{Change, DryRun, field_manager, field_validation};
use crate::command::Command;
use crate::discovery::Resource;
use crate::failure::Failure;
use crate::flags::{self, DRY_RUN, FILES, Flag, Kind, PRINT, SAVE_CONFIG, SELECTOR, VALIDATE};
use crate::last_applied;
use crate::session::Session;
use crate::targets::Query;
use crate::wire::Request;
use meta::Value;

pub const MANAGER: &[Flag] = &[Flag::of(Kind::Text, "field-manager", "kubectl-create")];

/// The flags of every command that makes one object.
const fn with(own: &'static [Flag]) -> [&'static [Flag]; 6] {
    [own, PRINT, DRY_RUN, VALIDATE, SAVE_CONFIG, MANAGER]
}

const FILE_FLAGS: &[Flag] = &[flags::text("raw"), flags::switch("edit"), flags::switch("windows-line-endings")];

const COMMANDS: &[Command] = &[
    binding::CLUSTER_COMMAND,
    role::CLUSTER_COMMAND,
    configmap::COMMAND,
    job::CRON_COMMAND,
    deployment::COMMAND,
    ingress::COMMAND,
    job::COMMAND,
    namespace::COMMAND,
    pdb::COMMAND,
    priorityclass::COMMAND,
    quota::COMMAND,
    role::COMMAND,
    binding::COMMAND,
    secret::COMMAND,
    service::COMMAND,
    serviceaccount::COMMAND,
    token::COMMAND,
];

pub const COMMAND: Command = Command::new("create", "Create an object from a file or from arguments", "-f FILE")
    .flags(&[FILE_FLAGS, FILES, SELECTOR, PRINT, DRY_RUN, VALIDATE, SAVE_CONFIG, MANAGER])
    .commands(COMMANDS)
    .run(from_files);

fn from_files(session: &Session<'_>) -> Result<(), Failure> {
    if !session.arguments().is_empty() {
        return Err(session.usage(format!("Unexpected args: [{}]", session.arguments().join(" "))));
    }
    if session.flags.list("filename").is_empty() {
        return Err(Failure::text("must specify one of -f and -k"));
    }
    let change = Change::of(session)?;
    let validation = field_validation(session)?;
    let found = Query { chunk: 500, ..Query::of(session) }.find(session)?;
    let (mut failures, count) = (found.failures, found.targets.len());
    for target in found.targets {
        let made = create(session, &change, &target.resource, &target.namespace, target.object, validation);
        let told = made
            .map_err(|failure| failure.while_doing("creating", &target.source))
            .and_then(|object| change.tell(session, &object, "created"));
        failures.extend(told.err());
    }
    Failure::all(failures)?;
    if count == 0 {
        return Err(Failure::text("no objects passed to create"));
    }
    Ok(())
}

fn create(
    session: &Session<'_>,
    change: &Change,
    resource: &Resource,
    namespace: &str,
    mut object: Value,
    validation: &str,
) -> Result<Value, Failure> {
    if session.flags.has("save-config") {
        last_applied::write(&mut object);
    }
    if change.dry_run == DryRun::Client {
        return Ok(object);
    }
    let request = Request::post(resource.collection(namespace), &object)
        .with("fieldManager", field_manager(session, "kubectl-create"))
        .with("fieldValidation", validation);
    session.door()?.call(change.dry_run.ask(request))
}

/// The one name that a command of this kind takes.
fn name(session: &Session<'_>) -> Result<String, Failure> {
    let count = session.flags.dash.unwrap_or(session.arguments().len());
    match session.arguments().first() {
        Some(name) if count == 1 => Ok(name.clone()),
        _ => Err(session.usage(format!("exactly one NAME is required, got {count}"))),
    }
}

/// A kind as these commands know it, without asking the server.
struct Known {
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    namespaced: bool,
    /// What stands before a refusal.
    failing: &'static str,
}

impl Known {
    const fn new(group: &'static str, version: &'static str, plural: &'static str, failing: &'static str) -> Known {
        Known { group, version, plural, namespaced: true, failing }
    }

    const fn of_cluster(self) -> Known {
        Known { namespaced: false, ..self }
    }

    fn resource(&self) -> Resource {
        Resource {
            group: self.group.into(),
            version: self.version.into(),
            plural: self.plural.into(),
            namespaced: self.namespaced,
            ..Resource::default()
        }
    }

    /// Sends the object and says so.
    fn make(&self, session: &Session<'_>, mut object: Value) -> Result<(), Failure> {
        let change = Change::of(session)?;
        let validation = field_validation(session)?;
        if self.namespaced && session.namespace_given() {
            object.set("metadata.namespace", session.namespace()?);
        }
        let namespace = if self.namespaced { session.namespace()? } else { String::new() };
        let made = create(session, &change, &self.resource(), &namespace, object, validation);
        let made = made.map_err(|failure| match (self.failing, failure) {
            ("", failure) => failure,
            (failing, failure @ Failure::Status(_)) => Failure::text(format!("{failing} {failure}")),
            (_, failure) => failure,
        })?;
        change.tell(session, &made, "created")
    }
}
