//! `kubectl run`: one pod.

use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, DRY_RUN, Flag, Kind, PRINT, RECORD, SAVE_CONFIG};
use crate::last_applied;
use crate::session::Session;
use crate::wire::Request;
use meta::{Map, Value, value};

const FLAGS: &[Flag] = &[
    flags::text("image"),
    flags::text("image-pull-policy"),
    flags::array("env"),
    flags::text("port"),
    flags::text("labels").short('l'),
    flags::array("annotations"),
    Flag::of(Kind::Text, "restart", "Always"),
    flags::switch("command"),
    flags::switch("stdin").short('i'),
    flags::switch("tty").short('t'),
    flags::switch("privileged"),
    flags::text("field-manager"),
];

pub const COMMAND: Command = Command::new("run", "Run an image in a pod", "NAME --image=IMAGE [-- COMMAND]")
    .flags(&[FLAGS, PRINT, DRY_RUN, RECORD, SAVE_CONFIG])
    .required(&["image"])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let change = Change::of(session)?;
    let Some(name) = session.arguments().first() else { return Err(session.usage("NAME is required for run")) };
    if session.flags.text("image").is_empty() {
        return Err(Failure::text("--image is required"));
    }
    let mut pod = pod(session, name)?;
    if session.namespace_given() {
        pod.set("metadata.namespace", session.namespace()?);
    }
    if session.flags.has("save-config") {
        last_applied::write(&mut pod);
    }
    if change.dry_run != DryRun::Client {
        let request = Request::post(format!("/api/v1/namespaces/{}/pods", session.namespace()?), &pod)
            .with("fieldManager", field_manager(session, "kubectl-run"));
        pod = session.door()?.call(change.dry_run.ask(request))?;
    }
    change.tell(session, &pod, "created")
}

fn pod(session: &Session<'_>, name: &str) -> Result<Value, Failure> {
    let flags = &session.flags;
    let restart = flags.text("restart");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(session.usage(format!("invalid restart policy: {restart}")));
    }
    let policy = flags.text("image-pull-policy");
    if !matches!(policy, "" | "Always" | "IfNotPresent" | "Never") {
        return Err(session.usage(format!("invalid image pull policy: {policy}")));
    }
    let mut container = value!({"name": name, "image": (flags.text("image")), "resources": {}});
    if !policy.is_empty() {
        container.set("imagePullPolicy", policy);
    }
    let words = &session.arguments()[1..];
    if !words.is_empty() {
        container.set(if flags.has("command") { "command" } else { "args" }, words.to_vec());
    }
    let env: Result<Vec<Value>, Failure> = flags.list("env").iter().map(|word| env(word)).collect();
    let env = env?;
    if !env.is_empty() {
        container.set("env", Value::List(env));
    }
    if !flags.text("port").is_empty() {
        container.set("ports", value!([{"containerPort": (flags.number("port"))}]));
    }
    for name in ["stdin", "tty"] {
        if flags.has(name) {
            container.set(name, true);
        }
    }
    if flags.has("privileged") {
        container.set("securityContext.privileged", true);
    }
    let labels = labels(flags.text("labels"), name)?;
    Ok(value!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        "status": {}
    }))
}

fn env(word: &str) -> Result<Value, Failure> {
    match word.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok(match text {
            "" => value!({"name": name}),
            text => value!({"name": name, "value": text}),
        }),
        _ => Err(Failure::text(format!("invalid env: {word}"))),
    }
}

fn labels(text: &str, name: &str) -> Result<Value, Failure> {
    if text.is_empty() {
        return Ok(value!({"run": name}));
    }
    let mut labels = Map::default();
    for word in text.split(',') {
        let (key, text) =
            word.split_once('=').ok_or_else(|| Failure::text(format!("unexpected label spec: {word}")))?;
        labels.insert(key, text);
    }
    Ok(Value::Map(labels))
}
