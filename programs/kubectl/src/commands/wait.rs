//! `kubectl wait`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL, ALL_NAMESPACES, FIELD_SELECTOR, FILES, Flag, LOCAL, PRINT, SELECTOR};
use crate::go;
use crate::jsonpath::{Template, relaxed};
use crate::print::{Format, Printer};
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::waiting::{Deadline, until, until_gone};
use meta::Value;
use std::time::Duration;

const FLAGS: &[Flag] = &[flags::text("for"), flags::duration("timeout", "30s")];
const WEEK: i64 = 168 * 3600 * 1_000_000_000;
const PAUSE: Duration = Duration::from_millis(500);

pub const COMMAND: Command = Command::new("wait", "Wait until objects are as asked", "TYPE NAME --for=condition=NAME")
    .flags(&[FLAGS, FILES, SELECTOR, FIELD_SELECTOR, ALL, ALL_NAMESPACES, PRINT, LOCAL])
    .run(run);

enum Wanted {
    Gone,
    There,
    Condition { name: String, status: String },
    Path { template: Template, text: Option<String> },
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let wanted = parse(session.flags.text("for"))?;
    let printer = Printer::new(Format::of_change(&session.flags)?, &session.flags);
    let timeout = match session.flags.duration("timeout") {
        ..0 => WEEK,
        timeout => timeout,
    };
    let deadline = Deadline::after(session, timeout);
    let query = Query { latest: true, chunk: 500, ..Query::of(session) };
    let mut found = match wanted {
        Wanted::There => there(session, &query, deadline)?,
        _ => query.find(session)?,
    };
    if matches!(wanted, Wanted::Gone) {
        found.failures.retain(|failure| !failure.is_not_found());
    }
    Failure::all(found.failures)?;
    if found.targets.is_empty() && !matches!(wanted, Wanted::Gone) {
        return Err(Failure::text("no matching resources found"));
    }
    for target in &found.targets {
        let object = wanted.wait(session, target, deadline, timeout)?;
        match printer.format {
            Format::Human => session.say(format!("{} condition met", target.word())),
            _ => session.console.print(&printer.render(&object)?),
        }
        session.console.flush();
    }
    Ok(())
}

fn there(session: &Session<'_>, query: &Query, deadline: Deadline) -> Result<crate::targets::Found, Failure> {
    loop {
        let found = query.find(session)?;
        let missing = found.failures.iter().all(Failure::is_not_found);
        if !missing || (found.failures.is_empty() && !found.targets.is_empty()) {
            return Ok(found);
        }
        if deadline.passed(session) {
            return Err(Failure::text("timed out waiting for the condition"));
        }
        session.door()?.block_on(async { tokio::time::sleep(PAUSE).await });
    }
}

fn parse(text: &str) -> Result<Wanted, Failure> {
    let lower = text.to_lowercase();
    if let Some(condition) = text.strip_prefix("condition=") {
        let (name, status) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(Wanted::Condition { name: name.into(), status: status.into() });
    }
    if let Some(path) = text.strip_prefix("jsonpath=") {
        return path_of(path);
    }
    match lower.as_str() {
        "delete" => Ok(Wanted::Gone),
        "create" => Ok(Wanted::There),
        _ => Err(Failure::text(format!("unrecognized condition: {}", meta::quote(text)))),
    }
}

fn path_of(text: &str) -> Result<Wanted, Failure> {
    let parts = split(text);
    if parts.len() > 2 {
        return Err(Failure::text(
            "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
        ));
    }
    let path = relaxed(&parts[0]).map_err(Failure::text)?;
    if path.is_empty() {
        return Err(Failure::text("jsonpath expression cannot be empty"));
    }
    let template = Template::parse(&path).map_err(Failure::text)?;
    let text = match parts.get(1) {
        None => None,
        Some(text) => match text.trim_matches(['\'', '"']) {
            "" => {
                return Err(Failure::text(
                    "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
                ));
            }
            text => Some(text.to_string()),
        },
    };
    Ok(Wanted::Path { template, text })
}

/// Divides at single equal signs; two of them belong to a filter.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = parts.last_mut().expect("there is always one");
        match letter {
            '=' if letters.peek() == Some(&'=') => {
                letters.next();
                last.push_str("==");
            }
            '=' => parts.push(String::new()),
            letter => last.push(letter),
        }
    }
    parts
}

impl Wanted {
    /// The object as it was when it was as wanted.
    fn wait(&self, session: &Session<'_>, target: &Target, deadline: Deadline, timeout: i64) -> Result<Value, Failure> {
        let mut last = target.object.clone();
        match self {
            Wanted::There => {}
            Wanted::Gone => until_gone(session, target, target.object.str("metadata.uid"), deadline)?,
            _ if timeout == 0 => {
                if !self.holds(&last)? {
                    let text = format!("condition not met for {}/{}", target.resource.plural, target.name);
                    return Err(Failure::text(text));
                }
            }
            _ => until(session, target, deadline, &mut |object| {
                let object = object.ok_or_else(|| gone(target))?;
                last = object.clone();
                self.holds(object)
            })?,
        }
        Ok(last)
    }

    fn holds(&self, object: &Value) -> Result<bool, Failure> {
        match self {
            Wanted::Condition { name, status } => Ok(condition(object, name, status)),
            Wanted::Path { template, text } => path_holds(template, text.as_deref(), object),
            Wanted::Gone | Wanted::There => Ok(true),
        }
    }
}

fn gone(target: &Target) -> Failure {
    let resource = meta::Gvr::new(
        target.resource.group.as_str(),
        target.resource.version.as_str(),
        target.resource.plural.as_str(),
    );
    meta::Status::not_found(&resource, &target.name).into()
}

fn condition(object: &Value, name: &str, status: &str) -> bool {
    let mut conditions = object.items("status.conditions").iter();
    let Some(found) = conditions.find(|one| one.str("type").eq_ignore_ascii_case(name)) else { return false };
    let observed = found.get("observedGeneration").as_int().or(object.at("status.observedGeneration").as_int());
    let stale = observed.is_some_and(|observed| observed < object.int("metadata.generation"));
    !stale && found.str("status").eq_ignore_ascii_case(status)
}

fn path_holds(template: &Template, wanted: Option<&str>, object: &Value) -> Result<bool, Failure> {
    let found = template.find(object).map_err(Failure::text)?;
    if found.len() > 1 {
        return Err(Failure::text("given jsonpath expression matches more than one list"));
    }
    match found.first().map_or(&[][..], Vec::as_slice) {
        [] => Ok(false),
        [Value::List(_) | Value::Map(_)] => match wanted {
            None => Ok(true),
            Some(_) => Err(Failure::text("jsonpath leads to a nested object or list which is not supported")),
        },
        [one] => Ok(wanted.is_none_or(|wanted| go::sprint(one).trim() == wanted.trim())),
        _ => Err(Failure::text("given jsonpath expression matches more than one value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_signs_divide() {
        for (text, parts) in [("{.a}=3", vec!["{.a}", "3"]), ("{.a[?(@.b==\"c\")]}", vec!["{.a[?(@.b==\"c\")]}"])] {
            assert_eq!(split(text), parts);
        }
        for broken in ["x", "jsonpath=", "jsonpath={.a}=", "jsonpath={.a}=1=2"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }
}
