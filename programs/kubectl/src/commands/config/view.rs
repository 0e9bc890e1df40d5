//! `kubectl config view`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind, PRINT};
use crate::print::{Format, Printer};
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::{Value, value};

const FLAGS: &[Flag] =
    &[flags::switch("raw"), flags::switch("minify"), flags::switch("flatten"), Flag::of(Kind::Bool, "merge", "true")];
/// What is not shown unless asked for, and what stands for it.
const SECRETS: [(&str, &str, &str); 5] = [
    ("clusters", "cluster.certificate-authority-data", "DATA+OMITTED"),
    ("users", "user.client-certificate-data", "DATA+OMITTED"),
    ("users", "user.client-key-data", "DATA+OMITTED"),
    ("users", "user.token", "REDACTED"),
    ("users", "user.password", "REDACTED"),
];
/// Files that `--flatten` takes into the configuration.
const INLINED: [(&str, &str); 3] =
    [("clusters", "cluster.certificate-authority"), ("users", "user.client-certificate"), ("users", "user.client-key")];

pub const COMMAND: Command = Command::new("view", "Show the merged kubeconfig", "").flags(&[FLAGS, PRINT]).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    if !session.arguments().is_empty() {
        return Err(session.usage(format!("unexpected arguments: [{}]", session.arguments().join(" "))));
    }
    let format = match Format::of_change(&session.flags)? {
        Format::Human => Format::Yaml,
        format => format,
    };
    let printer = Printer::new(format, &session.flags);
    let mut shown = shown(session)?;
    if session.flags.has("flatten") {
        for (list, path) in INLINED {
            each(&mut shown, list, |entry| inline(entry, path))?;
        }
    }
    if !session.flags.has("raw") {
        for (list, path, word) in SECRETS {
            each(&mut shown, list, |entry| {
                if !entry.at(path).is_empty() {
                    entry.set(path, word);
                }
                Ok(())
            })?;
        }
    }
    session.console.print(&printer.render(&shown)?);
    Ok(())
}

fn each(config: &mut Value, list: &str, change: impl Fn(&mut Value) -> Result<(), Failure>) -> Result<(), Failure> {
    config.get_mut(list).and_then(Value::as_list_mut).into_iter().flatten().try_for_each(change)
}

fn inline(entry: &mut Value, path: &str) -> Result<(), Failure> {
    let file = entry.str(path).to_string();
    if !file.is_empty() {
        entry.set(&format!("{path}-data"), STANDARD.encode(std::fs::read(&file)?));
        entry.remove(path);
    }
    Ok(())
}

/// The merged configuration, or only what the context in use needs.
fn shown(session: &Session<'_>) -> Result<Value, Failure> {
    let config = session.config()?;
    let current = match session.flags.text("context") {
        "" => config.current(),
        given => given,
    };
    let mut shown = value!({"apiVersion": "v1", "kind": "Config", "current-context": current});
    let context = config.context(current);
    if session.flags.has("minify") && context.is_none() {
        return Err(Failure::text(match current {
            "" => "current-context must exist in order to minify".to_string(),
            name => format!("cannot locate context {name}"),
        }));
    }
    for list in ["clusters", "contexts", "users"] {
        let needed = |entry: &&Value| {
            let name = entry.str("name");
            match (session.flags.has("minify"), list) {
                (false, _) => true,
                (true, "contexts") => name == current,
                (true, "clusters") => context.is_some_and(|context| context.str("cluster") == name),
                (true, _) => context.is_some_and(|context| context.str("user") == name),
            }
        };
        let mut entries: Vec<Value> = config.merged.items(list).iter().filter(needed).cloned().collect();
        entries.sort_by(|a, b| a.str("name").cmp(b.str("name")));
        shown.set(list, if entries.is_empty() { Value::Null } else { Value::List(entries) });
    }
    if !config.merged.get("preferences").is_empty() {
        shown.set("preferences", config.merged.get("preferences").clone());
    }
    Ok(shown)
}
