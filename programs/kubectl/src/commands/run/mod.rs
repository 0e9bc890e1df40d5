//! `kubectl run`: one pod.

mod attached;

use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, DRY_RUN, Flag, Kind, POD_RUNNING_TIMEOUT, PRINT, RECORD, SAVE_CONFIG};
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
    flags::switch("attach"),
    flags::switch("rm"),
    flags::switch("quiet").short('q'),
    flags::switch("leave-stdin-open"),
    flags::switch("expose"),
    flags::text("overrides"),
    // How what `--rm` removes is deleted.
    Flag::of(Kind::Text, "cascade", "background").bare("background"),
    flags::number("grace-period", "-1"),
    flags::switch("force"),
    Flag::of(Kind::Bool, "wait", "true"),
    flags::duration("timeout", "0s"),
];

pub const COMMAND: Command = Command::new("run", "Run an image in a pod", "NAME --image=IMAGE [-- COMMAND]")
    .flags(&[FLAGS, PRINT, DRY_RUN, RECORD, SAVE_CONFIG, POD_RUNNING_TIMEOUT])
    .required(&["image"])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let change = Change::of(session)?;
    let name = session.arguments().first().filter(|_| session.flags.dash != Some(0));
    let Some(name) = name else { return Err(session.usage("NAME is required for run")) };
    if session.flags.text("image").is_empty() {
        return Err(Failure::text("--image is required"));
    }
    let attach = attaches(session);
    check(session, &change, attach)?;
    let mut made = vec![create(session, &change, "pods", pod(session, name)?)?];
    if session.flags.has("expose") {
        let service = create(session, &change, "services", service(session, &made[0], name)?)?;
        change.tell(session, &service, "created")?;
        if session.flags.text("output") == "yaml" {
            // Upstream divides the two once more than needed.
            session.say("---");
        }
        made.push(service);
    }
    if !attach {
        return change.tell(session, &made[0], "created");
    }
    let outcome = attached::follow(session, &made[0]);
    if session.flags.has("rm") {
        attached::remove(session, &made)?;
    }
    outcome
}

/// Who hands over standard input wants to see what becomes of it.
fn attaches(session: &Session<'_>) -> bool {
    let flags = &session.flags;
    if flags.changed("attach") { flags.has("attach") } else { flags.has("stdin") }
}

fn check(session: &Session<'_>, change: &Change, attach: bool) -> Result<(), Failure> {
    let flags = &session.flags;
    let refusals = [
        (flags.has("tty") && !flags.has("stdin"), "-i/--stdin is required for containers with -t/--tty=true"),
        (flags.has("expose") && flags.text("port").is_empty(), "--port must be set when exposing a service"),
        (flags.has("rm") && !attach, "--rm should only be used for attached containers"),
        (
            attach && change.dry_run != DryRun::No,
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ),
    ];
    match refusals.into_iter().find(|(refused, _)| *refused) {
        Some((_, why)) => Err(session.usage(why)),
        None => Ok(()),
    }
}

fn create(session: &Session<'_>, change: &Change, plural: &str, mut object: Value) -> Result<Value, Failure> {
    if session.namespace_given() {
        object.set("metadata.namespace", session.namespace()?);
    }
    if session.flags.has("save-config") {
        last_applied::write(&mut object);
    }
    if change.dry_run == DryRun::Client {
        return Ok(object);
    }
    let request = Request::post(format!("/api/v1/namespaces/{}/{plural}", session.namespace()?), &object)
        .with("fieldManager", field_manager(session, "kubectl-run"));
    session.door()?.call(change.dry_run.ask(request))
}

/// A service for the pod, on its port.
fn service(session: &Session<'_>, pod: &Value, name: &str) -> Result<Value, Failure> {
    let port: i64 = session.flags.text("port").parse().map_err(|_| Failure::text("--port is no number"))?;
    Ok(value!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "ports": [{"port": port, "protocol": "TCP", "targetPort": port}],
            "selector": (pod.at("metadata.labels").clone())
        },
        "status": {"loadBalancer": {}}
    }))
}

/// What `--overrides` says is laid over the object; a null takes a field away.
fn overridden(session: &Session<'_>, mut object: Value) -> Result<Value, Failure> {
    let text = session.flags.text("overrides");
    if !text.is_empty() {
        let patch = meta::parse(text.as_bytes()).map_err(|_| Failure::text("Invalid JSON Patch"))?;
        lay_over(&mut object, &patch);
        if object.at("metadata.labels").is_empty() {
            object.remove("metadata.labels");
        }
    }
    Ok(object)
}

fn lay_over(object: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_map() else { return object.clone_from(patch) };
    if object.as_map().is_none() {
        *object = Value::map();
    }
    for (name, value) in fields.iter() {
        match value {
            Value::Null => drop(object.remove(name)),
            value => lay_over(object.entry(name), value),
        }
    }
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
    if flags.has("stdin") && !flags.has("leave-stdin-open") {
        container.set("stdinOnce", true);
    }
    if flags.has("privileged") {
        container.set("securityContext.privileged", true);
    }
    let labels = labels(flags.text("labels"), name)?;
    let mut metadata = value!({"name": name, "labels": labels});
    for word in flags.list("annotations") {
        let (key, text) = word.split_once('=').ok_or_else(|| Failure::text(format!("invalid annotations: {word}")))?;
        *metadata.entry("annotations").entry(key) = text.into();
    }
    let pod = value!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        "status": {}
    });
    overridden(session, pod)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_laid_over() {
        let mut object = value!({"a": {"b": 1i64, "c": 2i64}, "l": [1i64]});
        lay_over(&mut object, &value!({"a": {"b": null, "d": {"e": 3i64}}, "l": [2i64]}));
        assert_eq!(object, value!({"a": {"c": 2i64, "d": {"e": 3i64}}, "l": [2i64]}));
    }
}
