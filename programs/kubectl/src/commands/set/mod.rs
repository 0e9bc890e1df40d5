//! `kubectl set`: one field of objects that hold a pod's template, or that select, or that bind.

mod env;
mod image;
mod resources;
mod selector;
mod serviceaccount;
mod subject;

use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{ALL, DRY_RUN, FILES, Flag, LOCAL, PRINT, RECORD, SELECTOR, text};
use crate::session::Session;
use crate::strategic;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::Value;

const MANAGER: &[Flag] = &[text("field-manager")];
/// What all of these commands have.
const SHARED: [&[Flag]; 8] = [MANAGER, FILES, PRINT, DRY_RUN, ALL, SELECTOR, LOCAL, RECORD];

pub const COMMAND: Command = Command::new("set", "Set one field of objects", "SUBCOMMAND").commands(&[
    env::COMMAND,
    image::COMMAND,
    resources::COMMAND,
    selector::COMMAND,
    serviceaccount::COMMAND,
    subject::COMMAND,
]);

const fn with(own: &'static [Flag]) -> [&'static [Flag]; 9] {
    let [manager, files, print, dry_run, all, selector, local, record] = SHARED;
    [own, manager, files, print, dry_run, all, selector, local, record]
}

/// The words before the first `KEY=VALUE` or `KEY-`, and those from it on.
fn divided<'s>(session: &'s Session<'_>, what: &str) -> Result<(Vec<String>, Vec<&'s str>), Failure> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for word in session.arguments() {
        let is_pair = word.contains('=') && !word.starts_with('=') || word.ends_with('-') && word != "-";
        match is_pair {
            true => pairs.push(word.as_str()),
            false if pairs.is_empty() => resources.push(word.clone()),
            false => {
                let text = format!("all resources must be specified before {what} changes: {word}");
                return Err(Failure::text(text));
            }
        }
    }
    Ok((resources, pairs))
}

fn check(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if flags.has("local") && DryRun::of(session)? == DryRun::Server {
        return Err(Failure::text("cannot specify --local and --dry-run=server - did you mean --dry-run=client?"));
    }
    if flags.has("all") && !flags.text("selector").is_empty() {
        return Err(Failure::text("cannot set --all and --selector at the same time"));
    }
    Ok(())
}

fn find(session: &Session<'_>, resources: Vec<String>) -> Result<Vec<Target>, Failure> {
    let local = session.flags.has("local");
    if local && !resources.is_empty() {
        let text = "you can not specify resources by name when --local flag is set";
        return Err(Failure::text(format!(
            "error: {text}\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'"
        )));
    }
    Query { arguments: resources, latest: !local, ..Query::of(session) }.all(session)
}

/// An edit of one object: whether it is one that can be edited so, or why not.
type Edit<'e> = &'e mut dyn FnMut(&Target, &mut Value) -> Result<(), Failure>;

/// Edits every object and sends what changed; `failing` says what could not be done.
fn edit_all(session: &Session<'_>, targets: &[Target], failing: &str, edit: Edit<'_>) -> Result<(), Failure> {
    let change = Change::of(session)?;
    let operation = operation(session);
    let mut failures = Vec::new();
    for target in targets {
        let mut after = target.object.clone();
        if let Err(failure) = edit(target, &mut after) {
            failures.push(failure);
            continue;
        }
        if after == target.object {
            continue;
        }
        if change.dry_run != DryRun::Client && !session.flags.has("local") {
            let (content_type, patch) = strategic::between(&target.resource, &target.object, &after)?;
            let request = Request::patch(target.path(), content_type, patch.to_json())
                .with("fieldManager", field_manager(session, "kubectl-set"));
            match session.door()?.call(change.dry_run.ask(request)) {
                Ok(object) => after = object,
                Err(failure) => {
                    failures.push(Failure::text(format!("{failing}{failure}")));
                    continue;
                }
            }
        }
        change.tell(session, &after, &operation)?;
    }
    Failure::all(failures)
}

/// `image updated`, `serviceaccount updated`
fn operation(session: &Session<'_>) -> String {
    match session.path.rsplit(' ').next().unwrap_or_default() {
        "resources" => "resource requirements updated".into(),
        "subject" => "subjects updated".into(),
        word => format!("{word} updated"),
    }
}

/// The pod's specification in an object that is a pod or makes pods.
fn pod_spec<'o>(target: &Target, object: &'o mut Value) -> Result<&'o mut Value, Failure> {
    let path: &[&str] = match target.kind() {
        ("", "Pod") => &["spec"],
        ("", "ReplicationController") => &["spec", "template", "spec"],
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") => &["spec", "template", "spec"],
        ("batch", "Job") => &["spec", "template", "spec"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        (_, kind) => {
            let why = format!("the object is not a pod or does not have a pod template: *v1.{kind}");
            return Err(unable(target, why));
        }
    };
    Ok(path.iter().fold(object, |value, name| value.entry(name)))
}

fn unable(target: &Target, why: impl std::fmt::Display) -> Failure {
    Failure::text(format!("error: {}/{} {why}\n", target.resource.plural, target.name))
}

/// The containers whose names match, init containers last.
fn containers<'p>(spec: &'p mut Value, pattern: &str) -> Vec<&'p mut Value> {
    let Some(fields) = spec.as_map_mut() else { return Vec::new() };
    let (mut main, mut init) = (Vec::new(), Vec::new());
    for (name, value) in fields.iter_mut() {
        let list = match name.as_str() {
            "containers" => &mut main,
            "initContainers" => &mut init,
            _ => continue,
        };
        let all = value.as_list_mut().into_iter().flatten();
        list.extend(all.filter(|container| matches(container.str("name"), pattern)));
    }
    main.extend(init);
    main
}

/// A name against a pattern in which `*` stands for anything.
fn matches(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_patterns() {
        for (name, pattern, expect) in [
            ("web", "web", true),
            ("web", "we", false),
            ("web", "*", true),
            ("web", "w*", true),
            ("web", "*b", true),
            ("web", "x*", false),
            ("web-1-a", "w*1*a", true),
            ("web-1-a", "w*2*a", false),
        ] {
            assert_eq!(matches(name, pattern), expect, "{name} {pattern}");
        }
    }
}
