//! `kubectl rollout status`: says how far it is until it is done.

use super::{REVISION, WHICH, find, group_kind};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, Kind, duration};
use crate::session::Session;
use crate::targets::Target;
use crate::waiting::{Deadline, until};
use meta::{Value, quote};

const FLAGS: &[Flag] = &[
    Flag::of(Kind::Bool, "watch", "true").short('w'),
    Flag::of(Kind::Int64, "revision", "0"),
    duration("timeout", "0s"),
];
const YEAR: i64 = 365 * 24 * 3600 * 1_000_000_000;

pub const COMMAND: Command =
    Command::new("status", "Follow a rollout", "TYPE NAME").flags(&[FLAGS, WHICH[0], WHICH[1]]).run(run);

/// A line, and whether it is the last one.
type Progress = Result<(String, bool), Failure>;

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let found = find(session)?;
    Failure::all(found.failures)?;
    found.targets.iter().try_for_each(|target| follow(session, target))
}

fn follow(session: &Session<'_>, target: &Target) -> Result<(), Failure> {
    let look: fn(&Value) -> Progress = match target.kind() {
        ("apps", "Deployment") => deployment,
        ("apps", "DaemonSet") => daemon_set,
        ("apps", "StatefulSet") => stateful_set,
        _ => return Err(Failure::text(format!("no status viewer has been implemented for {}", group_kind(target)))),
    };
    let timeout = session.flags.duration("timeout");
    let deadline = Deadline::after(session, if timeout == 0 { YEAR } else { timeout });
    let mut last = String::new();
    let ended = until(session, target, deadline, &mut |object| {
        let object = object.ok_or_else(|| Failure::text("object has been deleted"))?;
        same_revision(session, object)?;
        let (line, done) = look(object)?;
        if line != last {
            session.console.print(&line);
            session.console.flush();
            last = line;
        }
        Ok(done || !session.flags.has("watch"))
    });
    ended.map_err(|failure| match failure.to_string().starts_with("timed out waiting") {
        true => Failure::text("timed out waiting for the condition"),
        false => failure,
    })
}

fn same_revision(session: &Session<'_>, object: &Value) -> Result<(), Failure> {
    let wanted = session.flags.number("revision");
    let running = object.at("metadata.annotations").get(REVISION).as_str().and_then(|text| text.parse::<i64>().ok());
    let running = running.unwrap_or(0);
    match wanted > 0 && running != wanted {
        true => Err(Failure::text(format!(
            "desired revision ({wanted}) is different from the running revision ({running})"
        ))),
        false => Ok(()),
    }
}

fn deployment(object: &Value) -> Progress {
    let name = quote(object.str("metadata.name"));
    let status = |field: &str| object.get("status").int(field);
    if object.int("metadata.generation") > status("observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".into(), false));
    }
    let mut conditions = object.items("status.conditions").iter();
    if conditions.any(|one| one.str("type") == "Progressing" && one.str("reason") == "ProgressDeadlineExceeded") {
        return Err(Failure::text(format!("deployment {name} exceeded its progress deadline")));
    }
    let (wanted, updated, all, available) =
        (object.int("spec.replicas"), status("updatedReplicas"), status("replicas"), status("availableReplicas"));
    let waiting = format!("Waiting for deployment {name} rollout to finish:");
    Ok(if updated < wanted {
        (format!("{waiting} {updated} out of {wanted} new replicas have been updated...\n"), false)
    } else if all > updated {
        (format!("{waiting} {} old replicas are pending termination...\n", all - updated), false)
    } else if available < updated {
        (format!("{waiting} {available} of {updated} updated replicas are available...\n"), false)
    } else {
        (format!("deployment {name} successfully rolled out\n"), true)
    })
}

fn only_rolling(object: &Value) -> Result<(), Failure> {
    match object.str("spec.updateStrategy.type") {
        "RollingUpdate" => Ok(()),
        _ => Err(Failure::text("rollout status is only available for RollingUpdate strategy type")),
    }
}

fn daemon_set(object: &Value) -> Progress {
    only_rolling(object)?;
    let name = quote(object.str("metadata.name"));
    let status = |field: &str| object.get("status").int(field);
    if object.int("metadata.generation") > status("observedGeneration") {
        return Ok(("Waiting for daemon set spec update to be observed...\n".into(), false));
    }
    let (wanted, updated, available) =
        (status("desiredNumberScheduled"), status("updatedNumberScheduled"), status("numberAvailable"));
    let waiting = format!("Waiting for daemon set {name} rollout to finish:");
    Ok(if updated < wanted {
        (format!("{waiting} {updated} out of {wanted} new pods have been updated...\n"), false)
    } else if available < wanted {
        (format!("{waiting} {available} of {wanted} updated pods are available...\n"), false)
    } else {
        (format!("daemon set {name} successfully rolled out\n"), true)
    })
}

fn stateful_set(object: &Value) -> Progress {
    only_rolling(object)?;
    let status = object.get("status");
    let (observed, wanted) = (status.int("observedGeneration"), object.int("spec.replicas"));
    if observed == 0 || object.int("metadata.generation") > observed {
        return Ok(("Waiting for statefulset spec update to be observed...\n".into(), false));
    }
    let (ready, updated) = (status.int("readyReplicas"), status.int("updatedReplicas"));
    if ready < wanted {
        return Ok((format!("Waiting for {} pods to be ready...\n", wanted - ready), false));
    }
    let rolling = object.at("spec.updateStrategy.rollingUpdate");
    if !rolling.is_null() {
        let share = wanted - rolling.int("partition");
        return Ok(if !rolling.get("partition").is_null() && updated < share {
            (
                format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {share} new pods have been updated...\n"
                ),
                false,
            )
        } else {
            (format!("partitioned roll out complete: {updated} new pods have been updated...\n"), true)
        });
    }
    let (next, current) = (status.str("updateRevision"), status.str("currentRevision"));
    Ok(if next != current {
        (format!("waiting for statefulset rolling update to complete {updated} pods at revision {next}...\n"), false)
    } else {
        let pods = status.int("currentReplicas");
        (format!("statefulset rolling update complete {pods} pods at revision {current}...\n"), true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn deployments_say_how_far_they_are() {
        for (status, line, done) in [
            (value!({}), "Waiting for deployment spec update to be observed...\n", false),
            (
                value!({"observedGeneration": 1i64, "updatedReplicas": 1i64}),
                "Waiting for deployment \"a\" rollout to finish: 1 out of 2 new replicas have been updated...\n",
                false,
            ),
            (
                value!({"observedGeneration": 1i64, "updatedReplicas": 2i64, "replicas": 2i64, "availableReplicas": 2i64}),
                "deployment \"a\" successfully rolled out\n",
                true,
            ),
        ] {
            let object =
                value!({"metadata": {"name": "a", "generation": 1i64}, "spec": {"replicas": 2i64}, "status": status});
            assert_eq!(deployment(&object).expect("progress"), (line.to_string(), done));
        }
    }
}
