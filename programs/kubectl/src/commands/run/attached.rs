//! A pod that is run while one looks on: wait until it runs, attach, end as it ends, and remove it.

use crate::commands::attach;
use crate::commands::delete::Deletion;
use crate::failure::Failure;
use crate::session::Session;
use crate::targets::Target;
use crate::waiting::{Deadline, until};
use crate::wire::Request;
use meta::Value;

pub fn follow(session: &Session<'_>, pod: &Value) -> Result<(), Failure> {
    let target = target(session, pod)?;
    let begun = wait(session, &target, |pod| is_running(pod) || has_ended(pod))?;
    let attached = if has_ended(&begun) { logs(session, &target) } else { attach::to(session, &begun) };
    if let Err(failure) = attached {
        let name = &target.name;
        session.warn(format!("warning: couldn't attach to pod/{name}, falling back to streaming logs: {failure}"));
        logs(session, &target)?;
    }
    let policy = pod.str("spec.restartPolicy");
    if session.flags.has("leave-stdin-open") || policy == "Always" {
        return Ok(());
    }
    // A pod that is tried again after a failure ends with success alone.
    let only_success = policy == "OnFailure";
    let ended = wait(session, &target, |pod| has_ended(pod) && !(only_success && pod.str("status.phase") == "Failed"))?;
    outcome(&ended)
}

fn target(session: &Session<'_>, object: &Value) -> Result<Target, Failure> {
    let kind = object.str("kind");
    let resource = session.discovery()?.of_kind("v1", kind);
    let unknown = || Failure::text(format!("the server doesn't have a resource type {}", meta::quote(kind)));
    Ok(Target::of_object(resource.ok_or_else(unknown)?, object.clone(), ""))
}

fn wait(session: &Session<'_>, target: &Target, content: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
    let deadline = Deadline::after(session, session.flags.duration("pod-running-timeout"));
    let mut seen = Value::Null;
    until(session, target, deadline, &mut |pod| {
        let Some(pod) = pod else {
            let name = meta::quote(&target.name);
            return Err(Failure::text(format!("pods {name} not found")));
        };
        seen = pod.clone();
        Ok(content(pod))
    })?;
    Ok(seen)
}

fn is_running(pod: &Value) -> bool {
    let ready = |one: &Value| one.str("type") == "Ready" && one.str("status") == "True";
    pod.str("status.phase") == "Running" && pod.items("status.conditions").iter().any(ready)
}

fn has_ended(pod: &Value) -> bool {
    matches!(pod.str("status.phase"), "Succeeded" | "Failed")
}

fn logs(session: &Session<'_>, target: &Target) -> Result<(), Failure> {
    let door = session.door()?;
    let mut lines = door.lines(Request::get(format!("{}/log", target.path())).with("follow", "true"))?;
    while let Some(line) = lines.next()? {
        session.console.write(&line);
        session.console.flush();
    }
    Ok(())
}

fn outcome(pod: &Value) -> Result<(), Failure> {
    let (namespace, name) = (pod.str("metadata.namespace"), pod.str("metadata.name"));
    match pod.str("status.phase") {
        "Succeeded" => Ok(()),
        "Failed" => {
            let statuses = pod.items("status.containerStatuses");
            let ended = statuses.first().map_or(&Value::Null, |status| status.at("state.terminated"));
            match u8::try_from(ended.int("exitCode")) {
                Ok(code @ 1..) => {
                    let (reason, message) = (ended.str("reason"), ended.str("message"));
                    Err(Failure::Code(code, format!("pod {namespace}/{name} terminated ({reason})\n{message}")))
                }
                _ => Err(Failure::text(format!("pod {namespace}/{name} failed with unknown exit code"))),
            }
        }
        phase => Err(Failure::text(format!("pod {namespace}/{name} left in phase {phase}"))),
    }
}

pub fn remove(session: &Session<'_>, objects: &[Value]) -> Result<(), Failure> {
    let deletion = Deletion::of(session)?;
    let mut gone = Vec::new();
    for object in objects {
        let target = target(session, object)?;
        let uid = deletion.delete(session, &target)?;
        gone.push((target, uid));
    }
    deletion.await_end(session, &gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn pods_end_as_their_container_did() {
        let pod = |phase: &str, code: i64| {
            value!({"metadata": {"name": "a", "namespace": "n"}, "status": {"phase": phase, "containerStatuses": [
                {"state": {"terminated": {"exitCode": code, "reason": "Error"}}}]}})
        };
        assert!(outcome(&pod("Succeeded", 0)).is_ok());
        let failed = outcome(&pod("Failed", 3)).expect_err("a failure").report();
        assert_eq!(failed, ("pod n/a terminated (Error)\n".to_string(), 3));
        assert_eq!(outcome(&pod("Failed", 0)).expect_err("a failure").report().1, 1);
        assert!(outcome(&pod("Pending", 0)).is_err());
    }
}
