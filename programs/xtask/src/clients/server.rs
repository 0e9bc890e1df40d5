//! k1s in a directory of its own, ended and removed with its guard.

use super::Succeeds;
use super::running::{Directory, Running};
use crate::failure::Failure;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The fields end in this order.
pub struct Server {
    _running: Running,
    directory: Directory,
    pub url: String,
}

pub fn build() -> Result<PathBuf, Failure> {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    cargo.args(["build", "--quiet", "-p", "k1s"]).succeeds()?;
    std::path::absolute("target/debug/k1s").map_err(Failure::io("target"))
}

impl Server {
    /// Returns when the API is ready.
    pub fn start(program: &Path, arguments: &[&str]) -> Result<Server, Failure> {
        let mut command = Command::new(program);
        Server::once("the API is ready", command.arg("server").args(arguments))
    }

    /// A whole control plane, without a node.
    pub fn up(program: &Path) -> Result<Server, Failure> {
        let mut command = Command::new(program);
        Server::once("k1s is up", command.args(["up", "--simulated-nodes=0", "--foreground"]))
    }

    fn once(ready: &str, command: &mut Command) -> Result<Server, Failure> {
        let directory = Directory::make()?;
        let address = format!("127.0.0.1:{}", free_port()?);
        command.args(["--bind", &address]).arg("--data-dir").arg(&directory.0);
        let running = Running::until(ready, command, &directory.file("log"))?;
        Ok(Server { _running: running, directory, url: format!("https://{address}") })
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.file("admin.kubeconfig")
    }

    /// One of the files that it keeps.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.file(name)
    }
}

pub fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::io("a free port"))?;
    Ok(listener.local_addr().map_err(Failure::io("a free port"))?.port())
}
