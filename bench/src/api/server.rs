//! Servers that are started to be measured, each in a directory of its own that goes with it.

use super::client::Target;
use super::{BenchError, cpu};
use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(120);
const STOPS_WITHIN: Duration = Duration::from_secs(60);

pub struct Server {
    child: Child,
    /// Kept open: a server that cannot say what it says would end.
    _lines: Lines<BufReader<ChildStdout>>,
    pub kubeconfig: PathBuf,
    pub pids: Vec<u32>,
    /// From the start of the process to the first answer.
    pub began_within: Duration,
}

impl Server {
    /// `k1s server` on a directory, empty or not.
    pub async fn k1s(program: &Path, dir: &Path, port: u16) -> Result<Server, BenchError> {
        let mut command = Command::new(program);
        command.args(["server", "--bind", &format!("127.0.0.1:{port}"), "--data-dir"]).arg(dir);
        let begun = Instant::now();
        let (child, mut lines) = spawn(command)?;
        let pid = child.id().ok_or_else(|| BenchError("k1s ended at once".into()))?;
        until(&mut lines, |line| line.contains("ready").then_some(())).await?;
        let kubeconfig = dir.join("admin.kubeconfig");
        answers(&kubeconfig).await?;
        Ok(Server { child, _lines: lines, kubeconfig, pids: vec![pid], began_within: begun.elapsed() })
    }

    /// A program that starts upstream's etcd and API server, and tells `kubeconfig FILE`, `etcd PID`,
    /// `kube-apiserver PID` and `ready`, each on a line.
    pub async fn upstream(program: &Path, dir: &Path, port: u16) -> Result<Server, BenchError> {
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--dir"]).arg(dir);
        let (child, mut lines) = spawn(command)?;
        let word = |name: &'static str| move |line: &str| line.strip_prefix(name).map(|rest| rest.trim().to_string());
        let kubeconfig = PathBuf::from(until(&mut lines, word("kubeconfig ")).await?);
        let etcd = until(&mut lines, word("etcd ")).await?.parse().map_err(BenchError::new)?;
        let begun = Instant::now(); // its certificates are made by now, which is not its own work
        let server = until(&mut lines, word("kube-apiserver ")).await?.parse().map_err(BenchError::new)?;
        until(&mut lines, word("ready")).await?;
        answers(&kubeconfig).await?;
        Ok(Server { child, _lines: lines, kubeconfig, pids: vec![etcd, server], began_within: begun.elapsed() })
    }

    pub fn memory(&self) -> Result<f64, BenchError> {
        Ok(cpu::memory(&self.pids)?.0 as f64 / 1024.0)
    }

    pub async fn stop(self) -> Result<(), BenchError> {
        self.end(Signal::TERM).await
    }

    /// As a crash would end it.
    pub async fn kill(self) -> Result<(), BenchError> {
        self.end(Signal::KILL).await
    }

    async fn end(mut self, signal: Signal) -> Result<(), BenchError> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id as i32));
        if let Some(pid) = pid {
            kill_process(pid, signal).map_err(BenchError::new)?;
        }
        let ended = tokio::time::timeout(STOPS_WITHIN, self.child.wait()).await;
        ended.map_err(|_| BenchError("a server does not stop".into()))?.map(drop).map_err(BenchError::new)
    }
}

fn spawn(mut command: Command) -> Result<(Child, Lines<BufReader<ChildStdout>>), BenchError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|e| BenchError(format!("{:?}: {e}", command.as_std().get_program())))?;
    let out = child.stdout.take().ok_or_else(|| BenchError("a server without an output".into()))?;
    Ok((child, BufReader::new(out).lines()))
}

async fn until<T>(
    lines: &mut Lines<BufReader<ChildStdout>>,
    wanted: impl Fn(&str) -> Option<T>,
) -> Result<T, BenchError> {
    let found = async {
        while let Some(line) = lines.next_line().await.map_err(BenchError::new)? {
            if let Some(found) = wanted(&line) {
                return Ok(found);
            }
        }
        Err(BenchError("a server ended before it was ready".into()))
    };
    tokio::time::timeout(PATIENCE, found).await.map_err(|_| BenchError("a server does not become ready".into()))?
}

async fn answers(kubeconfig: &Path) -> Result<(), BenchError> {
    let mut connection = Target::read(kubeconfig)?.connect().await?;
    connection.ask("GET", "/api/v1/namespaces/default", Bytes::new()).await.map(drop)
}
