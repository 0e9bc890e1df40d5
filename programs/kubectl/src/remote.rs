//! What runs elsewhere: bytes both ways over a WebSocket, the terminal, and how it ended.

use crate::failure::Failure;
use crate::pods;
use crate::session::Session;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::{AttachParams, AttachedProcess, TerminalSize};
use meta::Value;
use rustix::termios::{self, OptionalActions, Termios};
use std::io::{IsTerminal, Read, Write};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The container that is asked for, or the default one.
pub fn container(session: &Session<'_>, pod: &Value) -> Result<String, Failure> {
    let given = session.flags.text("container");
    if given.is_empty() {
        return pods::default_container(session, pod, session.flags.has("quiet"));
    }
    match pods::container_names(pod).contains(&given) {
        true => Ok(given.to_string()),
        false => Err(Failure::text(format!("container {given} not found in pod {}", pod.str("metadata.name")))),
    }
}

/// Whether there is a terminal to hand over; says so when one was asked for and is none.
pub fn terminal(session: &Session<'_>) -> bool {
    let wanted = session.flags.has("tty");
    let there = session.flags.has("stdin") && std::io::stdin().is_terminal();
    if wanted && !there {
        session.warn("Unable to use a TTY - input is not a terminal or the right kind of file");
    }
    wanted && there
}

pub fn parameters(container: String, stdin: bool, tty: bool) -> AttachParams {
    AttachParams::default().container(container).stdin(stdin).stdout(true).stderr(!tty).tty(tty)
}

pub fn refused(session: &Session<'_>, why: &kube::Error) -> Failure {
    match why {
        kube::Error::Api(status) => Failure::from(meta::Status {
            status: "Failure".into(),
            message: status.message.clone(),
            reason: status.reason.as_str().into(),
            ..meta::Status::default()
        }),
        other => Failure::text(format!("{}: {other}", session.path)),
    }
}

/// Bytes both ways until the command ends.
pub async fn carry(mut process: AttachedProcess, tty: bool) -> Result<Option<Status>, Failure> {
    let status = process.take_status();
    let mut sizes = process.terminal_size().filter(|_| tty);
    if let (Some(sizes), Some(size)) = (&mut sizes, window()) {
        // A window of an unknown size is what the other side assumes anyway.
        let _ = sizes.try_send(size);
    }
    let input = process.stdin().map(|sink| tokio::spawn(feed(sink)));
    let output = process.stdout().map(|source| tokio::spawn(copy(source, std::io::stdout())));
    let errors = process.stderr().map(|source| tokio::spawn(copy(source, std::io::stderr())));
    let status = match status {
        Some(status) => status.await,
        None => None,
    };
    for task in [output, errors].into_iter().flatten() {
        task.await.map_err(|why| Failure::text(why.to_string()))??;
    }
    if let Some(input) = input {
        input.abort();
    }
    Ok(status)
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl Write) -> Result<(), Failure> {
    let mut buffer = [0; 8192];
    loop {
        match from.read(&mut buffer).await? {
            0 => return Ok(()),
            length => {
                to.write_all(&buffer[..length])?;
                to.flush()?;
            }
        }
    }
}

/// Standard input, read by a thread of its own: a read of it cannot be given up.
async fn feed(mut sink: impl AsyncWrite + Unpin) -> Result<(), Failure> {
    let (sender, mut pieces) = tokio::sync::mpsc::channel::<Vec<u8>>(1);
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = std::io::stdin().read(&mut buffer) {
            if sender.blocking_send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    while let Some(piece) = pieces.recv().await {
        sink.write_all(&piece).await?;
        sink.flush().await?;
    }
    Ok(sink.shutdown().await?)
}

fn window() -> Option<TerminalSize> {
    let size = termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(TerminalSize { width: size.ws_col, height: size.ws_row })
}

/// The exit code is a cause of the failure that the other side reports.
pub fn ended(status: Option<Status>) -> Result<(), Failure> {
    let Some(status) = status.filter(|status| status.status.as_deref() != Some("Success")) else { return Ok(()) };
    let causes = status.details.as_ref().and_then(|details| details.causes.as_ref());
    let code = causes.into_iter().flatten().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
    match code.and_then(|cause| cause.message.as_deref()).and_then(|text| text.parse().ok()) {
        Some(code) => Err(Failure::Code(code, format!("command terminated with exit code {code}"))),
        None => Err(Failure::text(status.message.unwrap_or_default())),
    }
}

/// The terminal hands over every key as it is pressed until this is dropped.
pub struct Raw(Termios);

impl Raw {
    pub fn enter() -> Result<Raw, Failure> {
        let before = termios::tcgetattr(std::io::stdin()).map_err(std::io::Error::from)?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(std::io::stdin(), OptionalActions::Now, &raw).map_err(std::io::Error::from)?;
        Ok(Raw(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Err(why) = termios::tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0) {
            eprintln!("the terminal keeps its raw mode: {why}");
        }
    }
}
