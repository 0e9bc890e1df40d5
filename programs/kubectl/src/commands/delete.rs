//! `kubectl delete`: asks for deletion and waits until the objects are gone.

use crate::change::DryRun;
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL, ALL_NAMESPACES, DRY_RUN, FIELD_SELECTOR, FILES, Flag, Kind, SELECTOR};
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::waiting::{self, Deadline};
use meta::{Value, value};

const FLAGS: &[Flag] = &[
    Flag::of(Kind::Text, "cascade", "background").bare("background"),
    Flag::of(Kind::Int, "grace-period", "-1"),
    flags::switch("force"),
    flags::switch("now"),
    flags::switch("ignore-not-found"),
    flags::switch("interactive").short('i'),
    Flag::of(Kind::Bool, "wait", "true"),
    flags::duration("timeout", "0s"),
    flags::text("output").short('o'),
    flags::text("raw"),
];

pub const COMMAND: Command = Command::new("delete", "Delete objects", "(-f FILE | TYPE [NAME | -l SELECTOR | --all])")
    .flags(&[FLAGS, FILES, SELECTOR, FIELD_SELECTOR, ALL, ALL_NAMESPACES, DRY_RUN])
    .run(run);

pub struct Deletion {
    grace: i64,
    cascade: &'static str,
    dry_run: DryRun,
    wait: bool,
    ignore_not_found: bool,
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let deletion = Deletion::of(session)?;
    let selecting = !session.flags.text("selector").is_empty() || !session.flags.text("field-selector").is_empty();
    if session.flags.has("all") && selecting {
        return Err(Failure::text("setting 'all' parameter but found a non empty selector. "));
    }
    check(session, &deletion)?;
    let chosen = selecting || session.flags.has("all");
    let mut found = Query { names_only: !chosen, chunk: 500, ..Query::of(session) }.find(session)?;
    if deletion.ignore_not_found {
        found.failures.retain(|failure| !failure.is_not_found());
    }
    let (mut failures, mut gone) = (found.failures, Vec::new());
    if (session.flags.has("all-namespaces") || session.namespace_given())
        && found.targets.iter().any(|target| !target.resource.namespaced)
        && !chosen
    {
        session.warn("Warning: deleting cluster-scoped resources, not scoped to the provided namespace");
    }
    let count = found.targets.len();
    for target in found.targets {
        match deletion.delete(session, &target) {
            Ok(uid) => gone.push((target, uid)),
            Err(failure) if failure.is_not_found() && deletion.ignore_not_found => {}
            Err(failure) => failures.push(failure.while_doing("deleting", &target.source)),
        }
    }
    let missed = deletion.ignore_not_found && gone.is_empty();
    if (count == 0 || missed) && failures.is_empty() && (chosen || count == 0) {
        session.say("No resources found");
    }
    Failure::all(failures)?;
    deletion.await_end(session, &gone)
}

impl Deletion {
    pub fn of(session: &Session<'_>) -> Result<Deletion, Failure> {
        let flags = &session.flags;
        let cascade = match flags.text("cascade") {
            "background" | "true" => "Background",
            "foreground" => "Foreground",
            "orphan" | "false" => "Orphan",
            other => {
                let text =
                    format!("invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\"");
                return Err(Failure::text(text));
            }
        };
        let mut deletion = Deletion {
            grace: flags.number("grace-period"),
            cascade,
            dry_run: DryRun::of(session)?,
            wait: flags.has("wait"),
            ignore_not_found: flags.has("ignore-not-found")
                || (!flags.changed("ignore-not-found")
                    && (flags.has("all")
                        || !flags.text("selector").is_empty()
                        || !flags.text("field-selector").is_empty())),
        };
        if flags.has("now") {
            if deletion.grace != -1 {
                return Err(Failure::text("--now and --grace-period cannot be specified together"));
            }
            deletion.grace = 1;
        }
        if deletion.grace == 0 && !flags.has("force") {
            // Upstream turns this into the shortest graceful deletion and waits for it.
            deletion.grace = 1;
        } else if flags.has("force") && deletion.grace < 0 {
            deletion.grace = 0;
        }
        if flags.has("force") && !flags.changed("wait") {
            deletion.wait = false;
        }
        Ok(deletion)
    }

    pub fn with_grace(self, grace: i64) -> Deletion {
        Deletion { grace, ..self }
    }

    /// The deleted object's uid.
    pub fn delete(&self, session: &Session<'_>, target: &Target) -> Result<String, Failure> {
        if self.dry_run == DryRun::Client {
            self.tell(session, target);
            return Ok(String::new());
        }
        let mut options = value!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": (self.cascade)});
        if self.grace >= 0 {
            options.set("gracePeriodSeconds", self.grace);
        }
        if self.dry_run == DryRun::Server {
            options.set("dryRun", Value::from(vec!["All"]));
        }
        let answer = session.door()?.call(crate::wire::Request::delete(target.path(), &options))?;
        self.tell(session, target);
        Ok(match answer.str("kind") {
            "Status" => answer.str("details.uid").to_string(),
            _ => answer.str("metadata.uid").to_string(),
        })
    }

    fn tell(&self, session: &Session<'_>, target: &Target) {
        if session.flags.text("output") == "name" {
            return session.say(target.word());
        }
        let forced = if self.grace == 0 { "force deleted" } else { "deleted" };
        let place = match target.resource.namespaced {
            true => format!(" from {} namespace", target.namespace),
            false => String::new(),
        };
        let suffix = match self.dry_run {
            DryRun::No => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        };
        session.say(format!("{} {} {forced}{place}{suffix}", target.resource.word(), meta::quote(&target.name)));
        session.console.flush();
    }

    pub fn await_end(&self, session: &Session<'_>, gone: &[(Target, String)]) -> Result<(), Failure> {
        if !self.wait || self.dry_run != DryRun::No {
            return Ok(());
        }
        const WEEK: i64 = 168 * 3600 * 1_000_000_000;
        let deadline = match session.flags.duration("timeout") {
            0 => Deadline::after(session, WEEK),
            timeout => Deadline::after(session, timeout),
        };
        let mut failures = Vec::new();
        for (target, uid) in gone {
            match waiting::until_gone(session, target, uid, deadline) {
                Ok(()) => {}
                Err(failure) if failure.has_reason("Forbidden") || failure.has_reason("MethodNotAllowed") => {}
                Err(failure) => failures.push(failure),
            }
        }
        Failure::all(failures)
    }
}

fn check(session: &Session<'_>, deletion: &Deletion) -> Result<(), Failure> {
    let flags = &session.flags;
    if !matches!(flags.text("output"), "" | "name") {
        let text = format!("unexpected -o output mode: {}. We only support '-o name'", flags.text("output"));
        return Err(Failure::text(text));
    }
    if flags.has("force") && deletion.grace == 0 {
        session.warn(
            "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The \
             resource may continue to run on the cluster indefinitely.",
        );
    }
    if flags.has("force") && deletion.grace > 0 {
        return Err(Failure::text("--force and --grace-period greater than 0 cannot be specified together"));
    }
    Ok(())
}
