//! `kubectl config current-context|get-contexts|get-clusters|get-users|use-context`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::print::{tabs, yaml};
use crate::session::Session;
use meta::{Value, quote};

const FLAGS: &[Flag] = &[flags::switch("no-headers"), flags::text("output").short('o')];

pub const CURRENT: Command = Command::new("current-context", "Show the context in use", "").run(current);
pub const GET_CONTEXTS: Command = Command::new("get-contexts", "List contexts", "[NAME]").flags(&[FLAGS]).run(contexts);
pub const GET_CLUSTERS: Command =
    Command::new("get-clusters", "List clusters", "").run(|session| names(session, "clusters"));
pub const GET_USERS: Command = Command::new("get-users", "List users", "").run(|session| names(session, "users"));
pub const USE: Command = Command::new("use-context", "Choose a context", "NAME").aliases(&["use"]).run(use_context);

fn current(session: &Session<'_>) -> Result<(), Failure> {
    match session.config()?.current() {
        "" => Err(Failure::text("current-context is not set")),
        name => {
            session.say(name);
            Ok(())
        }
    }
}

fn names(session: &Session<'_>, list: &str) -> Result<(), Failure> {
    let config = session.config()?;
    let mut names: Vec<&str> = config.merged.items(list).iter().map(|entry| entry.str("name")).collect();
    names.sort_unstable();
    session.say("NAME");
    names.iter().for_each(|name| session.say(name));
    Ok(())
}

fn contexts(session: &Session<'_>) -> Result<(), Failure> {
    let (config, flags) = (session.config()?, &session.flags);
    let output = flags.text("output");
    if !matches!(output, "" | "name") {
        return Err(Failure::text(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default output format"
        )));
    }
    let mut entries: Vec<&Value> = Vec::new();
    let mut failures = Vec::new();
    match session.arguments() {
        [] => entries.extend(config.merged.items("contexts")),
        names => {
            for name in names {
                match config.entry("contexts", name) {
                    Some(entry) => entries.push(entry),
                    None => failures.push(Failure::text(format!("context {name} not found"))),
                }
            }
        }
    }
    entries.sort_by_key(|entry| entry.str("name"));
    let mut table = String::new();
    if output.is_empty() && !flags.has("no-headers") {
        table.push_str("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
    }
    for entry in entries {
        let (name, context) = (entry.str("name"), entry.get("context"));
        let mark = if name == config.current() { "*" } else { "" };
        table.push_str(&match output {
            "name" => format!("{name}\n"),
            _ => format!(
                "{mark}\t{name}\t{}\t{}\t{}\n",
                context.str("cluster"),
                context.str("user"),
                context.str("namespace")
            ),
        });
    }
    session.console.print(&tabs::align(&table, tabs::TABLE));
    Failure::all(failures)
}

fn use_context(session: &Session<'_>) -> Result<(), Failure> {
    let [name] = session.arguments() else {
        return Err(Failure::text(format!("Unexpected args: [{}]", session.arguments().join(" "))));
    };
    let config = session.config()?;
    if config.entry("contexts", name).is_none() {
        return Err(Failure::text(format!("no context exists with the name: {}", quote(name))));
    }
    let (path, mut file) = config.file_of(|file| !file.get("current-context").is_empty())?;
    file.set("current-context", name);
    std::fs::write(&path, yaml::write(&file))?;
    session.say(format!("Switched to context {}.", quote(name)));
    Ok(())
}
