//! What commands that change something have in common: dry runs, owners of fields, and saying what was done.

use crate::failure::Failure;
use crate::print::{Format, Printer, kind_word};
use crate::session::Session;
use crate::wire::Request;
use meta::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    No,
    Client,
    Server,
}

impl DryRun {
    pub fn of(session: &Session<'_>) -> Result<DryRun, Failure> {
        match session.flags.text("dry-run") {
            "client" => Ok(DryRun::Client),
            "server" => Ok(DryRun::Server),
            "none" | "" | "false" => Ok(DryRun::No),
            "unchanged" | "true" => {
                session.warn("W0000 --dry-run is deprecated and can be replaced with --dry-run=client.");
                Ok(DryRun::Client)
            }
            other => {
                let text = format!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\".");
                Err(Failure::text(text))
            }
        }
    }

    /// The parameter that asks the server for one.
    pub fn ask(self, request: Request) -> Request {
        request.with("dryRun", if self == DryRun::Server { "All" } else { "" })
    }

    fn suffix(self) -> &'static str {
        match self {
            DryRun::No => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

/// How a change is made and told.
pub struct Change {
    pub dry_run: DryRun,
    pub printer: Printer,
}

impl Change {
    pub fn of(session: &Session<'_>) -> Result<Change, Failure> {
        let dry_run = DryRun::of(session)?;
        Ok(Change { dry_run, printer: Printer::new(Format::of_change(&session.flags)?, &session.flags) })
    }

    /// Whether the objects themselves are printed rather than a line about them.
    pub fn prints_objects(&self) -> bool {
        !matches!(self.printer.format, Format::Human | Format::Name)
    }

    /// `deployment.apps/web created`, or the object as `-o` asks.
    pub fn tell(&self, session: &Session<'_>, object: &Value, operation: &str) -> Result<(), Failure> {
        self.tell_as_done(session, object, &format!("{operation}{}", self.dry_run.suffix()))
    }

    pub fn tell_as_done(&self, session: &Session<'_>, object: &Value, operation: &str) -> Result<(), Failure> {
        match self.printer.format {
            Format::Human => {
                let name = object.str("metadata.name");
                let name = if name.is_empty() { "<unknown>" } else { name };
                session.say(format!("{}/{name} {operation}", kind_word(object)));
            }
            _ => session.console.print(&self.printer.render(object)?),
        }
        Ok(())
    }
}

/// The owner of the fields that a command writes.
pub fn field_manager<'s>(session: &'s Session<'_>, own: &'s str) -> &'s str {
    match session.flags.text("field-manager") {
        "" => own,
        given => given,
    }
}

/// The parameter for `--validate`.
pub fn field_validation(session: &Session<'_>) -> Result<&'static str, Failure> {
    match session.flags.text("validate") {
        "true" | "strict" => Ok("Strict"),
        "warn" => Ok("Warn"),
        "false" | "ignore" => Ok("Ignore"),
        "" => Ok(""),
        other => Err(Failure::text(format!(
            "invalid - validate option {}; must be one of: strict (or true), warn, ignore (or false)",
            meta::quote(other)
        ))),
    }
}
