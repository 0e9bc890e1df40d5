//! k1s's side: asks the supervisor, starting one when none answers.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{CWD, Mode, OFlags, openat};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::SOCKET;
use super::protocol::{Ended, Listing, Reply, Request};
use crate::channel::{self, Message};
use crate::launch::{Exec, Exit};
use crate::namespaces::{Handles, Kind};

/// A supervisor, by its directory.
#[derive(Debug, Clone)]
pub struct Supervisor {
    root: PathBuf,
}

/// One connection: replies to one request.
pub struct Call {
    socket: AsyncFd<OwnedFd>,
}

/// Ends of containers from the moment of the call.
pub struct ExitWatch {
    call: Call,
}

impl Supervisor {
    /// Starts one if none runs; `program` is the executable whose `main` calls [`crate::init::maybe_run`].
    /// Blocks for some milliseconds.
    pub fn start(root: &Path, program: &Path) -> io::Result<Supervisor> {
        std::fs::create_dir_all(root)?;
        let log = std::fs::File::options().create(true).append(true).open(root.join("supervisor.log"))?;
        let mut command = Command::new(program);
        command.arg0(crate::init::NAME).arg(root).env_clear();
        let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).status()?;
        if !ended.success() {
            return Err(io::Error::other(format!("the supervisor did not start: {ended}")));
        }
        Ok(Supervisor { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    fn connect(&self) -> io::Result<OwnedFd> {
        let directory = openat(CWD, &self.root, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        channel::connect(directory.as_fd(), SOCKET)
    }

    async fn ask(&self, request: &Request, descriptors: &[BorrowedFd<'_>]) -> io::Result<Call> {
        let socket = self.connect()?;
        channel::send(socket.as_fd(), &serde_json::to_vec(request)?, descriptors)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(Call { socket: crate::watch_descriptor(socket)? })
    }

    async fn order(&self, request: &Request, descriptors: &[BorrowedFd<'_>]) -> io::Result<(Reply, Vec<OwnedFd>)> {
        self.ask(request, descriptors).await?.reply().await
    }

    pub async fn pin(&self, sandbox: &str, handles: &Handles, shared_pid: bool) -> io::Result<()> {
        let kinds: Vec<Kind> = handles.iter().map(|(kind, _)| *kind).collect();
        let descriptors: Vec<_> = handles.iter().map(|(_, handle)| handle.as_fd()).collect();
        let request = Request::Pin { sandbox: sandbox.to_owned(), kinds, shared_pid };
        self.order(&request, &descriptors).await.map(drop)
    }

    pub async fn unpin(&self, sandbox: &str) -> io::Result<()> {
        self.order(&Request::Unpin { sandbox: sandbox.to_owned() }, &[]).await.map(drop)
    }

    /// Returns when the program runs; an error's text says why it cannot.
    pub async fn launch(&self, container: &str) -> io::Result<i32> {
        match self.order(&Request::Launch { container: container.to_owned() }, &[]).await?.0 {
            Reply::Started { pid } => Ok(pid),
            other => Err(unexpected(&other)),
        }
    }

    /// The streams are the process's ends. With a terminal the answer holds its master.
    pub async fn exec(&self, exec: Exec, streams: [Option<OwnedFd>; 3]) -> io::Result<(Call, Option<OwnedFd>)> {
        let [stdin, stdout, stderr] = [0, 1, 2].map(|number: usize| streams[number].is_some());
        let request = Request::Exec { exec: Box::new(exec), stdin, stdout, stderr };
        let descriptors: Vec<_> = streams.iter().flatten().map(AsFd::as_fd).collect();
        let mut call = self.ask(&request, &descriptors).await?;
        match call.reply().await? {
            (Reply::Started { .. }, master) => Ok((call, master.into_iter().next())),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Output goes to these descriptors from now on; the answer is the way in, if there is one.
    pub async fn attach(
        &self,
        container: &str,
        stdout: Option<OwnedFd>,
        stderr: Option<OwnedFd>,
    ) -> io::Result<Option<OwnedFd>> {
        let container = container.to_owned();
        let request = Request::Attach { container, stdout: stdout.is_some(), stderr: stderr.is_some() };
        let descriptors: Vec<_> = stdout.iter().chain(&stderr).map(AsFd::as_fd).collect();
        Ok(self.order(&request, &descriptors).await?.1.into_iter().next())
    }

    pub async fn detach(&self, container: &str) -> io::Result<()> {
        self.order(&Request::Detach { container: container.to_owned() }, &[]).await.map(drop)
    }

    pub async fn reopen_log(&self, container: &str) -> io::Result<()> {
        self.order(&Request::ReopenLog { container: container.to_owned() }, &[]).await.map(drop)
    }

    pub async fn list(&self) -> io::Result<Listing> {
        match self.order(&Request::List, &[]).await?.0 {
            Reply::Listing(listing) => Ok(listing),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn watch(&self) -> io::Result<ExitWatch> {
        let mut call = self.ask(&Request::Watch, &[]).await?;
        call.reply().await?;
        Ok(ExitWatch { call })
    }

    /// Returns when it has gone.
    pub async fn quit(&self) -> io::Result<()> {
        let mut call = self.ask(&Request::Quit, &[]).await?;
        call.reply().await?;
        call.message().await.map(drop)
    }
}

impl Call {
    async fn message(&mut self) -> io::Result<Option<Message>> {
        self.socket.async_io(Interest::READABLE, |socket| channel::receive(socket.as_fd())).await
    }

    async fn reply(&mut self) -> io::Result<(Reply, Vec<OwnedFd>)> {
        let message = self.message().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        match serde_json::from_slice(&message.body)? {
            Reply::Failed { message } => Err(io::Error::other(message)),
            reply => Ok((reply, message.descriptors)),
        }
    }

    /// The end of an exec.
    pub async fn ended(&mut self) -> io::Result<Exit> {
        match self.reply().await?.0 {
            Reply::Ended(ended) => Ok(ended.exit),
            other => Err(unexpected(&other)),
        }
    }
}

impl ExitWatch {
    /// An error means that the supervisor is gone, or was not followed fast enough.
    pub async fn next(&mut self) -> io::Result<Ended> {
        match self.call.reply().await?.0 {
            Reply::Ended(ended) => Ok(ended),
            other => Err(unexpected(&other)),
        }
    }
}

fn unexpected(reply: &Reply) -> io::Error {
    io::Error::other(format!("the supervisor gave an unexpected answer: {reply:?}"))
}
