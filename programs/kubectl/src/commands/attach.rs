//! `kubectl attach`: to a container's own process.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, POD_RUNNING_TIMEOUT};
use crate::pods;
use crate::remote;
use crate::session::Session;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use meta::Value;

const FLAGS: &[Flag] = &[
    flags::text("container").short('c'),
    flags::switch("stdin").short('i'),
    flags::switch("tty").short('t'),
    flags::switch("quiet").short('q'),
];

pub const COMMAND: Command =
    Command::new("attach", "Attach to a running container", "(POD | TYPE/NAME) [-c CONTAINER]")
        .flags(&[FLAGS, POD_RUNNING_TIMEOUT])
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let pod = match session.arguments() {
        [] => return Err(Failure::text("at least 1 argument is required for attach")),
        [name] => pods::named(session, name)?,
        [kind, name] => pods::named(session, &format!("{kind}/{name}"))?,
        many => {
            return Err(Failure::text(format!(
                "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
                many.len(),
                many.join(" ")
            )));
        }
    };
    to(session, &pod)
}

/// Attaches to the container that the flags name, until it ends or lets go.
pub fn to(session: &Session<'_>, pod: &Value) -> Result<(), Failure> {
    let phase = pod.str("status.phase");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::text(format!("cannot attach a container in a completed pod; current phase is {phase}")));
    }
    let container = remote::container(session, pod)
        .map_err(|failure| Failure::text(format!("cannot attach to the container: {failure}")))?;
    // A container with a terminal of its own speaks in another way than one without.
    let its_own = has_terminal(pod, &container);
    if session.flags.has("tty") && !its_own && !session.flags.has("quiet") {
        session.warn(format!("error: Unable to use a TTY - container {container} did not allocate one"));
    }
    let raw = its_own && session.flags.has("tty") && remote::terminal(session);
    if !session.flags.has("quiet") {
        session.warn(
            "All commands and output from this session will be recorded in container logs, including credentials and \
             sensitive information passed through the command prompt.",
        );
        session.warn("If you don't see a command prompt, try pressing enter.");
    }
    let parameters = remote::parameters(container, session.flags.has("stdin"), its_own);
    let kept = raw.then(remote::Raw::enter).transpose()?;
    let door = session.door()?;
    let status = door.block_on(async {
        let api: Api<Pod> = Api::namespaced(door.client.clone(), pod.str("metadata.namespace"));
        let process = api.attach(pod.str("metadata.name"), &parameters).await;
        remote::carry(process.map_err(|why| remote::refused(session, &why))?, its_own).await
    });
    drop(kept);
    remote::ended(status?)
}

fn has_terminal(pod: &Value, name: &str) -> bool {
    let mut lists = pods::CONTAINER_LISTS.iter().flat_map(|(list, _)| pod.get("spec").items(list));
    lists.any(|container| container.str("name") == name && container.bool("tty"))
}
