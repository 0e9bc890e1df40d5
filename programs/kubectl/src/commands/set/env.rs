//! `kubectl set env`: variables of containers.

use super::{check, containers, edit_all, find, pod_spec, unable, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, Kind, array, list, switch, text};
use crate::go;
use crate::session::Session;
use crate::targets::Query;
use meta::{Value, quote, value};
use std::io::Read;

const FLAGS: &[Flag] = &[
    Flag::of(Kind::Text, "containers", "*").short('c'),
    text("from"),
    text("prefix"),
    array("env").short('e'),
    list("keys"),
    switch("list"),
    switch("resolve"),
    Flag::of(Kind::Bool, "overwrite", "true"),
];

pub const COMMAND: Command =
    Command::new("env", "Set variables of containers", "(-f FILE | TYPE NAME) NAME=VALUE ... NAME- ...")
        .flags(&with(FLAGS))
        .run(run);

/// What is asked for.
#[derive(Debug, Default)]
struct Changes {
    set: Vec<Value>,
    remove: Vec<String>,
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let (resources, words) = divided(session)?;
    check(session)?;
    if resources.is_empty() && flags.list("filename").is_empty() {
        return Err(Failure::text("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if flags.has("list") && !flags.text("output").is_empty() {
        return Err(Failure::text("--list and --output may not be specified together"));
    }
    if !flags.list("keys").is_empty() && flags.text("from").is_empty() {
        return Err(Failure::text("when specifying --keys, a configmap or secret must be provided with --from"));
    }
    let given = flags.list("env").iter().map(String::as_str).chain(words.iter().copied());
    let mut changes = Changes::default();
    changes.read(given)?;
    changes.take_from(session)?;
    for variable in &mut changes.set {
        let name = format!("{}{}", flags.text("prefix"), variable.str("name"));
        variable.set("name", name);
    }
    let targets = find(session, resources)?;
    if flags.has("list") {
        for target in &targets {
            let mut object = target.object.clone();
            for container in containers(pod_spec(target, &mut object)?, flags.text("containers")) {
                changes.apply(container);
                show(session, &target.resource.kind, &target.name, container);
            }
        }
        return Ok(());
    }
    let failing = "failed to patch env update to pod template: ";
    edit_all(session, &targets, failing, &mut |target, object| {
        let found = containers(pod_spec(target, object)?, flags.text("containers"));
        if found.is_empty() {
            let (kind, pattern) = (&target.resource.kind, quote(flags.text("containers")));
            session.warn(format!("Warning: {kind}/{} does not have any containers matching {pattern}", target.name));
        }
        for container in found {
            if !flags.has("overwrite") {
                changes.refuse_overwrites(container).map_err(|why| unable(target, why))?;
            }
            changes.apply(container);
        }
        Ok(())
    })
}

/// The resources, and behind them the variables.
fn divided<'s>(session: &'s Session<'_>) -> Result<(Vec<String>, Vec<&'s str>), Failure> {
    let (mut resources, mut variables) = (Vec::new(), Vec::new());
    for word in session.arguments() {
        let is_variable = word.find('=').is_some_and(|at| at > 0) || word.ends_with('-');
        match is_variable {
            true => variables.push(word.as_str()),
            false if variables.is_empty() => resources.push(word.clone()),
            false => {
                let all = session.arguments().join(" ");
                let text = "all resources must be specified before environment changes";
                return Err(Failure::text(format!("{text}: {all}")));
            }
        }
    }
    Ok((resources, variables))
}

impl Changes {
    fn read<'w>(&mut self, words: impl Iterator<Item = &'w str>) -> Result<(), Failure> {
        for word in words {
            match (word, word.split_once('=')) {
                ("-", _) => {
                    let mut text = String::new();
                    std::io::stdin().read_to_string(&mut text)?;
                    self.read_lines(&text);
                }
                (_, Some((name, text))) => {
                    check_name(name)?;
                    self.set.push(variable(name, text));
                }
                (word, None) => match word.strip_suffix('-') {
                    Some(name) => self.remove.push(name.to_string()),
                    None => return Err(Failure::text(format!("unknown environment variable: {word}"))),
                },
            }
        }
        if self.remove.iter().any(|name| self.set.iter().any(|variable| variable.str("name") == name)) {
            return Err(Failure::text(
                "can not both modify and remove the same environment variable in the same command",
            ));
        }
        Ok(())
    }

    fn read_lines(&mut self, text: &str) {
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            self.set.extend(line.split_once('=').map(|(name, text)| variable(name, text)));
        }
    }

    /// One variable for each key of a config map or secret.
    fn take_from(&mut self, session: &Session<'_>) -> Result<(), Failure> {
        let from = session.flags.text("from");
        if from.is_empty() {
            return Ok(());
        }
        let wanted = session.flags.list("keys");
        for target in (Query { arguments: vec![from.to_string()], ..Query::default() }).all(session)? {
            let reference = match target.kind() {
                ("", "ConfigMap") => "configMapKeyRef",
                ("", "Secret") => "secretKeyRef",
                _ => return Err(Failure::text("unsupported resource specified in --from")),
            };
            for (key, _) in target.object.fields("data") {
                if !wanted.is_empty() && !wanted.iter().any(|one| one == key.as_str()) {
                    continue;
                }
                let mut variable = value!({"name": (name_of_key(session, key))});
                variable
                    .entry("valueFrom")
                    .set(reference, value!({"name": (target.name.as_str()), "key": (key.as_str())}));
                self.set.push(variable);
            }
        }
        Ok(())
    }

    fn refuse_overwrites(&self, container: &Value) -> Result<(), String> {
        for variable in &self.set {
            let (name, text) = (variable.str("name"), variable.str("value"));
            let known = container.items("env").iter().find(|known| known.str("name") == name);
            if let Some(known) = known.filter(|known| known.str("value") != text) {
                return Err(format!("'{name}' already has a value ({}), and --overwrite is false", known.str("value")));
            }
        }
        Ok(())
    }

    /// What is there keeps its place; what is new comes behind.
    fn apply(&self, container: &mut Value) {
        let mut done: Vec<&str> = self.remove.iter().map(String::as_str).collect();
        let mut after = Vec::new();
        let before = container.items("env").to_vec();
        for variable in before.iter().chain(&self.set) {
            let name = variable.str("name");
            if done.contains(&name) {
                continue;
            }
            let newer = self.set.iter().find(|newer| newer.str("name") == name);
            if newer.is_some() {
                done.push(name);
            }
            after.push(newer.unwrap_or(variable).clone());
        }
        match after.is_empty() {
            true => drop(container.remove("env")),
            false => container.set("env", Value::List(after)),
        }
    }
}

fn variable(name: &str, text: &str) -> Value {
    let mut variable = value!({"name": name});
    if !text.is_empty() {
        variable.set("value", text);
    }
    variable
}

/// Since 1.30 a variable's name may be any printable text without `=`.
fn check_name(name: &str) -> Result<(), Failure> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let starts_well = !name.starts_with(|c: char| c.is_ascii_digit());
    let mut complaints = Vec::new();
    if name.is_empty() || !name.chars().all(word) || !starts_well {
        let rule = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
        complaints.push(format!(
            "{rule} (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
        ));
    }
    match name {
        "." => complaints.push("must not be '.'".into()),
        ".." => complaints.push("must not be '..'".into()),
        name if name.starts_with("..") => complaints.push("must not start with '..'".into()),
        _ => {}
    }
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(Failure::text(format!("{} is not a valid key name: {}", quote(name), complaints.join(";")))),
    }
}

fn name_of_key(session: &Session<'_>, key: &str) -> String {
    let name: String = key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    let name = name.to_uppercase();
    if name != key {
        session.warn(format!("Warning: key {key} transferred to {name}"));
    }
    name
}

fn show(session: &Session<'_>, kind: &str, name: &str, container: &Value) {
    session.say(format!("# {kind} {name}, container {}", container.str("name")));
    for variable in container.items("env") {
        let name = variable.str("name");
        match variable.get("valueFrom") {
            Value::Null => session.say(format!("{name}={}", variable.str("value"))),
            source => session.say(format!("# {name} from {}", described(source))),
        }
    }
}

fn described(source: &Value) -> String {
    for (reference, kind) in [("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")] {
        let reference = source.get(reference);
        if !reference.is_null() {
            return format!("{kind} {}, key {}", reference.str("name"), reference.str("key"));
        }
    }
    match (source.get("fieldRef"), source.get("resourceFieldRef")) {
        (field, _) if !field.is_null() => format!("field path {}", field.str("fieldPath")),
        (_, resource) if !resource.is_null() => {
            let container = resource.str("containerName");
            let prefix = if container.is_empty() { String::new() } else { format!("{container}/") };
            format!("resource field {prefix}{}", resource.str("resource"))
        }
        _ => format!("invalid valueFrom {}", go::sprint(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_set_in_place() {
        let mut changes = Changes::default();
        changes.read(["A=2", "C=3", "B-"].into_iter()).expect("variables");
        changes.read_lines("# nothing\nD=4 # four\n");
        let mut container = value!({"env": [{"name": "A", "value": "1"}, {"name": "B"}, {"name": "X", "value": "x"}]});
        assert_eq!(
            changes.refuse_overwrites(&container),
            Err("'A' already has a value (1), and --overwrite is false".into())
        );
        changes.apply(&mut container);
        let names: Vec<String> =
            container.items("env").iter().map(|one| format!("{}={}", one.str("name"), one.str("value"))).collect();
        assert_eq!(names, ["A=2", "X=x", "C=3", "D=4 "]);
    }

    #[test]
    fn names_are_checked() {
        for (word, fits) in [("a.b-c_d=1", true), ("1a=1", false), ("a b=1", false), ("x", false), ("..=1", false)] {
            assert_eq!(Changes::default().read([word].into_iter()).is_ok(), fits, "{word}");
        }
        assert!(Changes::default().read(["a=1", "a-"].into_iter()).is_err());
    }
}
