//! `kubectl exec`: a command in a container, over a WebSocket.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, FILES, Flag, POD_RUNNING_TIMEOUT};
use crate::pods;
use crate::remote;
use crate::session::Session;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;

const FLAGS: &[Flag] = &[
    flags::text("container").short('c'),
    flags::switch("stdin").short('i'),
    flags::switch("tty").short('t'),
    flags::switch("quiet").short('q'),
];

pub const COMMAND: Command =
    Command::new("exec", "Run a command in a container", "(POD | TYPE/NAME) [-c CONTAINER] -- COMMAND")
        .flags(&[FLAGS, FILES, POD_RUNNING_TIMEOUT])
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let (name, command) = words(session)?;
    let pod = pods::named(session, name)?;
    let phase = pod.str("status.phase");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::text(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let container = remote::container(session, &pod)?;
    let tty = remote::terminal(session);
    let parameters = remote::parameters(container, session.flags.has("stdin"), tty);
    let raw = tty.then(remote::Raw::enter).transpose()?;
    let door = session.door()?;
    let status = door.block_on(async {
        let api: Api<Pod> = Api::namespaced(door.client.clone(), pod.str("metadata.namespace"));
        let process = api.exec(pod.str("metadata.name"), command, &parameters).await;
        remote::carry(process.map_err(|why| remote::refused(session, &why))?, tty).await
    });
    drop(raw);
    remote::ended(status?)
}

fn words<'s>(session: &'s Session<'_>) -> Result<(&'s str, &'s [String]), Failure> {
    let (arguments, dash) = (session.arguments(), session.flags.dash);
    if arguments.len() > 1 && dash.is_none() {
        return Err(session.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"));
    }
    match arguments.split_first() {
        None => Err(Failure::text("pod, type/name or --filename must be specified")),
        Some(_) if dash == Some(0) => Err(Failure::text("pod, type/name or --filename must be specified")),
        Some((_, [])) => Err(Failure::text("you must specify at least one command for the container")),
        Some((name, command)) => Ok((name, command)),
    }
}
