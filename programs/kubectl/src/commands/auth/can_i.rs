//! `kubectl auth can-i`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL_NAMESPACES, Flag};
use crate::print::tabs;
use crate::rules;
use crate::session::Session;
use crate::wire::Request;
use meta::{Value, value};

const FLAGS: &[Flag] = &[
    flags::switch("list"),
    flags::switch("quiet").short('q'),
    flags::switch("no-headers"),
    flags::text("subresource"),
];
const VERBS: [&str; 14] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
];
const PATH_VERBS: [&str; 8] = ["get", "put", "post", "head", "options", "delete", "patch", "*"];

pub const COMMAND: Command =
    Command::new("can-i", "Ask whether something is allowed", "VERB [TYPE | TYPE/NAME | PATH]")
        .flags(&[FLAGS, ALL_NAMESPACES])
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if flags.has("list") {
        return list(session);
    }
    let [verb, what] = session.arguments() else {
        return Err(Failure::text(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and \
             examples.",
        ));
    };
    let spec = match what.starts_with('/') {
        true => of_path(session, verb, what)?,
        false => of_resource(session, verb, what)?,
    };
    if flags.has("no-headers") {
        return Err(Failure::text("--no-headers cannot be set without --list specified"));
    }
    let review = value!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec});
    let answer =
        session.door()?.call(Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review))?;
    let allowed = answer.bool("status.allowed");
    if !flags.has("quiet") {
        session.say(verdict(&answer, allowed));
    }
    if allowed { Ok(()) } else { Err(Failure::Exit(1)) }
}

fn verdict(answer: &Value, allowed: bool) -> String {
    if allowed {
        return "yes".into();
    }
    let mut text = String::from("no");
    for field in ["status.reason", "status.evaluationError"] {
        if !answer.str(field).is_empty() {
            text.push_str(&format!(" - {}", answer.str(field)));
        }
    }
    text
}

fn of_path(session: &Session<'_>, verb: &str, path: &str) -> Result<Value, Failure> {
    if !session.flags.text("subresource").is_empty() {
        return Err(Failure::text("--subresource can not be used with NonResourceURL"));
    }
    if !PATH_VERBS.contains(&verb) {
        session.warn(format!("Warning: verb '{verb}' is not a known verb\n"));
    }
    Ok(value!({"nonResourceAttributes": {"verb": verb, "path": path}}))
}

fn of_resource(session: &Session<'_>, verb: &str, what: &str) -> Result<Value, Failure> {
    let (word, name) = what.split_once('/').unwrap_or((what, ""));
    let found = if word == "*" { None } else { session.discovery()?.find(word).ok() };
    let (group, plural) = match &found {
        Some(resource) => (resource.group.clone(), resource.plural.clone()),
        None => {
            let (plural, group) = word.split_once('.').unwrap_or((word, ""));
            if word != "*" {
                let place = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
                session.warn(format!("Warning: the server doesn't have a resource type '{plural}'{place}\n"));
            }
            (group.to_string(), plural.to_string())
        }
    };
    if let Some(resource) = found.filter(|resource| !resource.namespaced && !session.all_namespaces()) {
        let place = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
        session.warn(format!("Warning: resource '{}' is not namespace scoped{place}\n", resource.plural));
    }
    if !VERBS.contains(&verb) {
        session.warn(format!("Warning: verb '{verb}' is not a known verb\n"));
    }
    let namespace = if session.all_namespaces() { String::new() } else { session.namespace()? };
    let mut attributes = value!({"verb": verb, "resource": plural});
    let given = [
        ("namespace", namespace.as_str()),
        ("group", &group),
        ("name", name),
        ("subresource", session.flags.text("subresource")),
    ];
    for (field, text) in given.into_iter().filter(|(_, text)| !text.is_empty()) {
        attributes.set(field, text);
    }
    Ok(value!({"resourceAttributes": attributes}))
}

fn list(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if !session.arguments().is_empty() {
        return Err(Failure::text("list option must be specified with no arguments"));
    }
    if flags.has("quiet") || session.all_namespaces() || !flags.text("subresource").is_empty() {
        return Err(Failure::text(
            "list option can't be specified with neither quiet, all-namespaces nor subresource options",
        ));
    }
    let namespace = session.namespace()?;
    let review = value!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}
    });
    let answer =
        session.door()?.call(Request::post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review))?;
    let status = answer.get("status");
    let all: Vec<Value> =
        status.items("resourceRules").iter().chain(status.items("nonResourceRules")).cloned().collect();
    let mut table = String::new();
    if !flags.has("no-headers") {
        table.push_str("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    }
    rules::compact(&all).iter().for_each(|rule| table.push_str(&format!("{}\n", rule.cells())));
    session.console.print(&tabs::align(&table, tabs::TABLE));
    Ok(())
}
