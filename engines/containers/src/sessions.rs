//! Exec, attach and port-forward: byte streams into a running container or its pod.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use cri::v1::{AttachRequest, ExecRequest, ExecSyncRequest, ExecSyncResponse};
use cri::{Connection, Session, TerminalSize};
use futures::FutureExt;
use linux::launch::Exec;
use linux::supervise::{Call, Supervisor};
use linux::terminal::Terminal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

use crate::Containers;
use crate::container::Container;
use crate::error::{Error, Result, Step, blocking};
use crate::life::ended;

/// A command that says more is cut: it answers a probe, it does not move files.
const MOST_OUTPUT: u64 = 16 << 20;
/// What a command leaves running may hold its streams; they are waited for no longer than this.
const STREAMS_AFTER_END: Duration = Duration::from_secs(2);
const LOOPBACKS: [&str; 2] = ["127.0.0.1", "[::1]"];
const RESIZES_WAITING: usize = 4;

/// The caller's end of a pipe out of a process, and the process's.
fn pipe_out() -> io::Result<(pipe::Receiver, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((pipe::Receiver::from_owned_fd(reader.into())?, writer.into()))
}

fn pipe_in() -> io::Result<(pipe::Sender, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((pipe::Sender::from_owned_fd(writer.into())?, reader.into()))
}

fn maybe<T, U>(wanted: bool, make: impl FnOnce() -> io::Result<(T, U)>) -> io::Result<(Option<T>, Option<U>)> {
    Ok(if wanted { make().map(|(one, other)| (Some(one), Some(other)))? } else { (None, None) })
}

impl Containers {
    fn running(&self, id: &str) -> Result<Arc<Container>> {
        let container = self.container(id)?;
        if !container.life.borrow().is_running() {
            return Err(Error::State(format!("container {id:?} is not running")));
        }
        Ok(container)
    }

    /// The same identity and limits as the container's own process.
    fn exec_order(&self, container: &Container, args: Vec<String>, tty: bool, bound: bool) -> Result<Exec> {
        if args.is_empty() {
            return Err(Error::Invalid("no command specified".into()));
        }
        let mut process = container.launch_order()?.process;
        process.args = args;
        if tty && !process.env.iter().any(|line| line.starts_with("TERM=")) {
            process.env.push("TERM=xterm".into());
        }
        Ok(Exec { container: container.id.clone(), process, tty, bound_to_connection: bound })
    }

    pub(crate) async fn run_command(&self, request: ExecSyncRequest) -> Result<ExecSyncResponse> {
        let container = self.running(&request.container_id)?;
        let exec = self.exec_order(&container, request.cmd, false, true)?;
        let (stdout, out) = pipe_out().step("exec")?;
        let (stderr, err) = pipe_out().step("exec")?;
        let command = async {
            let (call, _) = self.supervisor.exec(exec, [None, Some(out), Some(err)]).await.step("")?;
            collect(call, stdout, stderr).await
        };
        if request.timeout <= 0 {
            return command.await;
        }
        let limit = Duration::from_secs(request.timeout as u64);
        let late = || Error::Deadline(format!("command timed out after {} s", request.timeout));
        // Dropping the call closes its connection, and that kills the command.
        tokio::time::timeout(limit, command).await.map_err(|_| late())?
    }

    pub(crate) async fn open_exec(&self, request: ExecRequest) -> Result<Session> {
        let container = self.running(&request.container_id)?;
        let exec = self.exec_order(&container, request.cmd, request.tty, false)?;
        if request.tty {
            let (call, master) = self.supervisor.exec(exec, [None, None, None]).await.step("")?;
            let master = master.ok_or_else(|| Error::State("the command has no terminal".into()))?;
            return terminal_session(Terminal::new(master).step("terminal")?, request.stdin, call);
        }
        let (stdin, stdin_end) = maybe(request.stdin, pipe_in).step("exec")?;
        let (stdout, stdout_end) = maybe(request.stdout, pipe_out).step("exec")?;
        let (stderr, stderr_end) = maybe(request.stderr, pipe_out).step("exec")?;
        let (call, _) = self.supervisor.exec(exec, [stdin_end, stdout_end, stderr_end]).await.step("")?;
        Ok(Session {
            stdin: stdin.map(|stream| Box::new(stream) as _),
            stdout: stdout.map(|stream| Box::new(stream) as _),
            stderr: stderr.map(|stream| Box::new(stream) as _),
            resize: None,
            exit: exit_of(call).boxed(),
        })
    }

    pub(crate) async fn open_attach(&self, request: AttachRequest) -> Result<Session> {
        let container = self.running(&request.container_id)?;
        let tty = container.config().tty;
        let (stdout, out) = maybe(request.stdout, pipe_out).step("attach")?;
        let (stderr, err) = maybe(request.stderr && !tty, pipe_out).step("attach")?;
        let way_in = self.supervisor.attach(&container.id, out, err).await.step("attach")?;
        let (mut stdin, mut resize) = (None, None);
        match way_in {
            Some(master) if tty => {
                let terminal = Terminal::new(master).step("terminal")?;
                resize = Some(resizer(terminal.clone()));
                stdin = request.stdin.then(|| Box::new(terminal) as Box<dyn AsyncWrite + Send + Unpin>);
            }
            Some(writer) if request.stdin => {
                let inner = pipe::Sender::from_owned_fd(writer).step("attach")?;
                let (supervisor, id) = (self.supervisor.clone(), container.id.clone());
                stdin = Some(Box::new(ClientInput { inner, supervisor, id }) as _);
            }
            _ => {}
        }
        let life = container.life.subscribe();
        Ok(Session {
            stdin,
            stdout: stdout.map(|stream| Box::new(stream) as _),
            stderr: stderr.map(|stream| Box::new(stream) as _),
            resize,
            exit: async move { Ok(ended(life).await?.code) }.boxed(),
        })
    }

    pub(crate) async fn forward(&self, sandbox_id: &str, port: u16) -> Result<Connection> {
        let sandbox = self.sandbox(sandbox_id)?;
        let network = self.pod_network(&sandbox).await?;
        let stream = blocking(move || {
            match network {
                Some(network) => linux::namespaces::inside_network(network, move || connect(port)),
                None => connect(port),
            }
            .step(format_args!("connecting to port {port}"))
        })
        .await?;
        stream.set_nonblocking(true).step("port forward")?;
        Ok(Box::new(tokio::net::TcpStream::from_std(stream).step("port forward")?))
    }
}

/// A server may listen on one family only.
fn connect(port: u16) -> io::Result<std::net::TcpStream> {
    let [first, second] = LOOPBACKS.map(|host| format!("{host}:{port}"));
    std::net::TcpStream::connect(first).or_else(|error| std::net::TcpStream::connect(second).map_err(|_| error))
}

async fn collect(mut call: Call, stdout: pipe::Receiver, stderr: pipe::Receiver) -> Result<ExecSyncResponse> {
    let reads = tokio::spawn(async move { tokio::join!(read_limited(stdout), read_limited(stderr)) });
    let abort = reads.abort_handle();
    let exit = call.ended().await.step("exec")?;
    let read = tokio::time::timeout(STREAMS_AFTER_END, reads).await;
    abort.abort();
    let (stdout, stderr) = match read {
        Ok(read) => read.map_err(io::Error::other).step("exec")?,
        Err(_) => return Err(Error::Deadline("the command ended but what it started holds its output".into())),
    };
    Ok(ExecSyncResponse { stdout: stdout.step("exec")?, stderr: stderr.step("exec")?, exit_code: exit.code })
}

async fn read_limited(stream: pipe::Receiver) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut limited = stream.take(MOST_OUTPUT);
    limited.read_to_end(&mut bytes).await?;
    // The rest is read and dropped: a full pipe would hold the command.
    tokio::io::copy(limited.get_mut(), &mut tokio::io::sink()).await?;
    Ok(bytes)
}

async fn exit_of(mut call: Call) -> std::result::Result<i32, cri::Error> {
    Ok(call.ended().await.step("exec")?.code)
}

fn terminal_session(terminal: Terminal, stdin: bool, call: Call) -> Result<Session> {
    Ok(Session {
        stdin: stdin.then(|| Box::new(terminal.clone()) as _),
        stdout: Some(Box::new(terminal.clone()) as Box<dyn AsyncRead + Send + Unpin>),
        stderr: None,
        resize: Some(resizer(terminal)),
        exit: exit_of(call).boxed(),
    })
}

/// Ends when the session's owner drops the sender.
fn resizer(terminal: Terminal) -> mpsc::Sender<TerminalSize> {
    let (sender, mut sizes) = mpsc::channel::<TerminalSize>(RESIZES_WAITING);
    tokio::spawn(async move {
        while let Some(size) = sizes.recv().await {
            if terminal.resize(size.width, size.height).is_err() {
                return; // the terminal is gone
            }
        }
    });
    sender
}

/// Stdin of an attached client; the supervisor hears when the client leaves.
struct ClientInput {
    inner: pipe::Sender,
    supervisor: Supervisor,
    id: String,
}

impl Drop for ClientInput {
    fn drop(&mut self) {
        let (supervisor, id) = (self.supervisor.clone(), std::mem::take(&mut self.id));
        tokio::spawn(async move {
            if let Err(error) = supervisor.detach(&id).await {
                tracing::debug!(container = %id, %error, "detach");
            }
        });
    }
}

impl AsyncWrite for ClientInput {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Where a container's directory is, for those who look at its files.
impl Containers {
    pub fn container_dir(&self, id: &str) -> PathBuf {
        self.containers_dir().join(id)
    }
}
