//! `kubectl cp`: files to and from containers, through `tar` in them.

mod archive;

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::pods;
use crate::remote;
use crate::session::Session;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::AttachedProcess;
use meta::Value;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const FLAGS: &[Flag] =
    &[flags::text("container").short('c'), flags::switch("no-preserve"), flags::number("retries", "0")];

pub const COMMAND: Command =
    Command::new("cp", "Copy files to and from containers", "SOURCE DESTINATION").flags(&[FLAGS]).run(run);

/// `[[NAMESPACE/]POD:]PATH`
#[derive(Debug, PartialEq)]
struct Place<'w> {
    namespace: &'w str,
    pod: &'w str,
    path: &'w str,
}

impl Place<'_> {
    fn parse(word: &str) -> Result<Place<'_>, Failure> {
        let invalid = || Failure::text("filespec must match the canonical format: [[namespace/]pod:]file/path");
        let Some((pod, path)) = word.split_once(':') else { return Ok(Place { namespace: "", pod: "", path: word }) };
        let (namespace, name) = pod.split_once('/').unwrap_or(("", pod));
        match pod.is_empty() || name.contains('/') {
            true => Err(invalid()),
            false => Ok(Place { namespace, pod: name, path }),
        }
    }

    fn is_remote(&self) -> bool {
        !self.pod.is_empty()
    }
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let [from, to] = session.arguments() else {
        return Err(Failure::text("source and destination are required"));
    };
    let (from, to) = (Place::parse(from)?, Place::parse(to)?);
    if from.is_remote() && to.is_remote() {
        return Err(Failure::text("one of src or dest must be a local file specification"));
    }
    if from.path.is_empty() || to.path.is_empty() {
        return Err(Failure::text("filepath can not be empty"));
    }
    match (from.is_remote(), to.is_remote()) {
        (true, _) => fetch(session, &from, Path::new(to.path)),
        (_, true) => send(session, Path::new(from.path), &to),
        _ => Err(Failure::text("one of src or dest must be a remote file specification")),
    }
}

/// A container to run commands in.
struct Container {
    api: Api<Pod>,
    pod: String,
    name: String,
}

impl Container {
    fn find(session: &Session<'_>, place: &Place<'_>) -> Result<Container, Failure> {
        let namespace = if place.namespace.is_empty() { session.namespace()? } else { place.namespace.to_string() };
        let path = format!("/api/v1/namespaces/{namespace}/pods/{}", place.pod);
        let pod: Value = session.door()?.call(crate::wire::Request::get(path))?;
        let phase = pod.str("status.phase");
        if matches!(phase, "Succeeded" | "Failed") {
            return Err(Failure::text(format!(
                "cannot exec into a container in a completed pod; current phase is {phase}"
            )));
        }
        let name = match session.flags.text("container") {
            "" => pods::default_container(session, &pod, false)?,
            _ => remote::container(session, &pod)?,
        };
        let api = Api::namespaced(session.door()?.client.clone(), &namespace);
        Ok(Container { api, pod: place.pod.to_string(), name })
    }

    async fn start(&self, session: &Session<'_>, command: &[&str], stdin: bool) -> Result<AttachedProcess, Failure> {
        let parameters = remote::parameters(self.name.clone(), stdin, false);
        let process = self.api.exec(&self.pod, command.to_vec(), &parameters).await;
        process.map_err(|why| remote::refused(session, &why))
    }

    /// Runs a command with this input; its output.
    async fn run(&self, session: &Session<'_>, command: &[&str], input: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
        let mut process = self.start(session, command, input.is_some()).await?;
        let status = process.take_status();
        let output = process.stdout().map(|mut output| {
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                output.read_to_end(&mut bytes).await.map(|_| bytes)
            })
        });
        let complaints = process.stderr().map(|mut complaints| {
            tokio::spawn(async move {
                let mut text = String::new();
                complaints.read_to_string(&mut text).await.map(|_| text)
            })
        });
        if let (Some(input), Some(mut sink)) = (input, process.stdin()) {
            sink.write_all(input).await?;
            sink.shutdown().await?;
        }
        let status = match status {
            Some(status) => status.await,
            None => None,
        };
        let joined = |why: tokio::task::JoinError| Failure::text(why.to_string());
        if let Some(complaints) = complaints {
            eprint!("{}", complaints.await.map_err(joined)??);
        }
        let bytes = match output {
            Some(output) => output.await.map_err(joined)??,
            None => Vec::new(),
        };
        remote::ended(status).map(|()| bytes)
    }
}

fn send(session: &Session<'_>, from: &Path, to: &Place<'_>) -> Result<(), Failure> {
    if !from.exists() {
        return Err(Failure::text(format!("{} doesn't exist in local filesystem", from.display())));
    }
    let container = Container::find(session, to)?;
    let door = session.door()?;
    door.block_on(async {
        let is_folder = container.run(session, &["test", "-d", to.path], None).await.is_ok();
        let path = archive::destination(from, to.path, is_folder);
        let (folder, name) = archive::divided(&path);
        let bytes = archive::pack(from, name)?;
        let mut command = match session.flags.has("no-preserve") {
            true => vec!["tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-"],
            false => vec!["tar", "-xmf", "-"],
        };
        command.extend(["-C", folder]);
        container.run(session, &command, Some(&bytes)).await.map(drop)
    })
}

fn fetch(session: &Session<'_>, from: &Place<'_>, to: &Path) -> Result<(), Failure> {
    let container = Container::find(session, from)?;
    let door = session.door()?;
    let bytes = door.block_on(container.run(session, &["tar", "cf", "-", from.path], None))?;
    for complaint in archive::unpack(&bytes, from.path, to)? {
        session.warn(complaint);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        for (word, namespace, pod, path) in
            [("a/b", "", "", "a/b"), ("p:/x", "", "p", "/x"), ("n/p:x", "n", "p", "x"), ("p:", "", "p", "")]
        {
            assert_eq!(Place::parse(word).expect(word), Place { namespace, pod, path });
        }
        for broken in [":x", "a/b/c:x"] {
            assert!(Place::parse(broken).is_err(), "{broken}");
        }
    }
}
