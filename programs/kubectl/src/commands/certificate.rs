//! `kubectl certificate approve|deny`: a verdict on a signing request.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{FILES, Flag, PRINT, switch};
use crate::print::{Format, Printer};
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::{Value, quote, value};

const FLAGS: &[Flag] = &[switch("force")];
const MOST_TRIES: usize = 10;

struct Verdict {
    condition: &'static str,
    opposite: &'static str,
    reason: &'static str,
    message: &'static str,
    operation: &'static str,
}

const APPROVED: Verdict = Verdict {
    condition: "Approved",
    opposite: "Denied",
    reason: "KubectlApprove",
    message: "This CSR was approved by kubectl certificate approve.",
    operation: "approved",
};
const DENIED: Verdict = Verdict {
    condition: "Denied",
    opposite: "Approved",
    reason: "KubectlDeny",
    message: "This CSR was denied by kubectl certificate deny.",
    operation: "denied",
};

const APPROVE: Command = Command::new("approve", "Approve a signing request", "(-f FILE | NAME)")
    .flags(&[FLAGS, FILES, PRINT])
    .run(|session| APPROVED.run(session));
const DENY: Command = Command::new("deny", "Deny a signing request", "(-f FILE | NAME)")
    .flags(&[FLAGS, FILES, PRINT])
    .run(|session| DENIED.run(session));
pub const COMMAND: Command =
    Command::new("certificate", "Judge signing requests", "SUBCOMMAND").commands(&[APPROVE, DENY]);

impl Verdict {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let names = session.arguments();
        if names.is_empty() && session.flags.list("filename").is_empty() {
            return Err(Failure::text("one or more CSRs must be specified as <name> or -f <filename>"));
        }
        let printer = Printer::new(Format::of_change(&session.flags)?, &session.flags);
        let arguments = names.iter().map(|name| format!("certificatesigningrequests/{name}")).collect();
        let found = Query { arguments, latest: true, ..Query::of(session) }.find(session)?;
        let mut failures = found.failures;
        if found.targets.is_empty() && failures.is_empty() {
            session.say("No resources found");
        }
        for target in found.targets {
            let (word, outcome) = (target.word(), self.pass(session, target));
            match (outcome, &printer.format) {
                (Err(failure), _) => failures.push(failure),
                (Ok(_), Format::Human) => session.say(format!("{word} {}", self.operation)),
                (Ok(object), _) => session.console.print(&printer.render(&object)?),
            }
        }
        Failure::all(failures)
    }

    /// The request as it was seen; somebody else's write in between is read and judged anew.
    fn pass(&self, session: &Session<'_>, mut target: Target) -> Result<Value, Failure> {
        let mut tries = 0;
        loop {
            let conditions = target.object.items("status.conditions");
            if conditions.iter().any(|one| one.str("type") == self.opposite) {
                let name = quote(&target.name);
                let text = format!("certificate signing request {name} is already {}", self.opposite);
                return Err(Failure::text(text));
            }
            let known = conditions.iter().any(|one| one.str("type") == self.condition);
            if known && !session.flags.has("force") {
                return Ok(target.object);
            }
            let judged = if known { target.object.clone() } else { self.with_condition(session, &target.object) };
            let path = format!("{}/approval", target.path());
            match session.door()?.call(Request::put(path, &judged)) {
                Ok(_) => return Ok(target.object),
                Err(failure) if failure.has_reason("Conflict") && tries < MOST_TRIES => {
                    tries += 1;
                    target.fetch(session)?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn with_condition(&self, session: &Session<'_>, request: &Value) -> Value {
        let now = session.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut conditions = request.items("status.conditions").to_vec();
        conditions.push(value!({
            "type": (self.condition), "status": "True", "reason": (self.reason), "message": (self.message),
            "lastUpdateTime": now
        }));
        let mut judged = request.clone();
        judged.set("status.conditions", Value::List(conditions));
        judged
    }
}
