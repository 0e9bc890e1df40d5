//! `kubectl apply`: objects as files say, on the server or by a three-way patch.

mod client_side;
mod last_applied;
mod server_side;

pub use client_side::difference;

use crate::change::{Change, DryRun, field_validation};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL, DRY_RUN, FILES, Flag, Kind, PRINT, SELECTOR, SUBRESOURCE, VALIDATE};
use crate::session::Session;
use crate::targets::{Query, Target};
use meta::{Value, value};

const FLAGS: &[Flag] = &[
    flags::switch("server-side"),
    flags::switch("force-conflicts"),
    Flag::of(Kind::Text, "field-manager", "kubectl-client-side-apply"),
    Flag::of(Kind::Bool, "overwrite", "true"),
    Flag::of(Kind::Bool, "openapi-patch", "true"),
    flags::switch("force"),
    flags::switch("wait"),
    Flag::of(Kind::Int, "grace-period", "-1"),
    flags::duration("timeout", "0s"),
    Flag::of(Kind::Text, "cascade", "background").bare("background"),
];

pub const COMMAND: Command = Command::new("apply", "Make objects as files say", "-f FILE")
    .flags(&[FLAGS, FILES, SELECTOR, PRINT, DRY_RUN, VALIDATE, ALL, SUBRESOURCE])
    .commands(&[last_applied::VIEW])
    .run(run);

/// One run: what is the same for every object.
struct Apply<'s, 'c> {
    session: &'s Session<'c>,
    change: Change,
    manager: String,
    validation: &'static str,
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    check(session)?;
    let flags = &session.flags;
    let server_side = flags.has("server-side");
    let manager = match flags.changed("field-manager") {
        true => flags.text("field-manager"),
        false if server_side => "kubectl",
        false => "kubectl-client-side-apply",
    };
    let (change, validation) = (Change::of(session)?, field_validation(session)?);
    let apply = Apply { session, change, manager: manager.to_string(), validation };
    let found = Query { chunk: 500, ..Query::of(session) }.find(session)?;
    let (mut failures, mut shown) = (found.failures, Vec::new());
    if found.targets.is_empty() && failures.is_empty() {
        return Err(Failure::text("no objects passed to apply"));
    }
    for target in found.targets {
        match apply.one(target, server_side) {
            Ok(object) => shown.push(object),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::all(failures)?;
    apply.show(shown)
}

fn check(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if flags.list("filename").is_empty() && flags.text("kustomize").is_empty() {
        return Err(Failure::text("must specify one of -f and -k"));
    }
    if !session.arguments().is_empty() {
        let words = session.arguments().join(" ");
        return Err(session.usage(format!("Unexpected args: [{words}]")));
    }
    let dry_run = DryRun::of(session)?;
    let server_side = flags.has("server-side");
    let refusals = [
        (flags.has("force-conflicts") && !server_side, "--force-conflicts only works with --server-side"),
        (
            dry_run == DryRun::Client && server_side,
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        ),
        (flags.has("force") && server_side, "--force cannot be used with --server-side"),
        (flags.has("force") && dry_run == DryRun::Server, "--dry-run=server cannot be used with --force"),
        (flags.has("all") && !flags.text("selector").is_empty(), "cannot set --all and --selector at the same time"),
        (
            !flags.text("subresource").is_empty() && !server_side,
            "--subresource can only be specified for --server-side",
        ),
    ];
    match refusals.into_iter().find(|(refused, _)| *refused) {
        Some((_, why)) => Err(Failure::text(why)),
        None => Ok(()),
    }
}

impl Apply<'_, '_> {
    /// The object as it stands afterwards; a line about it is already written.
    fn one(&self, target: Target, server_side: bool) -> Result<Value, Failure> {
        if target.name.is_empty() && !target.object.str("metadata.generateName").is_empty() {
            let name = target.object.str("metadata.generateName");
            return Err(Failure::text(format!("from {name}: cannot use generate name with apply")));
        }
        if server_side { self.server_side(&target) } else { self.client_side(target) }
    }

    fn tell(&self, object: &Value, operation: &str) -> Result<(), Failure> {
        if self.change.prints_objects() {
            return Ok(());
        }
        self.change.tell(self.session, object, operation)
    }

    /// With `-o yaml` and its like, all objects at the end: one as itself, several as a list.
    fn show(&self, mut objects: Vec<Value>) -> Result<(), Failure> {
        if !self.change.prints_objects() {
            return Ok(());
        }
        let object = match objects.len() {
            1 => objects.remove(0),
            _ => value!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": (Value::List(objects))}),
        };
        self.session.console.print(&self.change.printer.render(&object)?);
        Ok(())
    }
}
