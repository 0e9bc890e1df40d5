//! A `k1s server` in a directory of its own, ended and removed with its guard.

use super::Succeeds;
use crate::failure::Failure;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static STARTED: AtomicU32 = AtomicU32::new(0);

pub struct Server {
    child: Child,
    directory: PathBuf,
}

pub fn build() -> Result<PathBuf, Failure> {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    cargo.args(["build", "--quiet", "-p", "k1s"]).succeeds()?;
    std::path::absolute("target/debug/k1s").map_err(Failure::io("target"))
}

impl Server {
    /// Returns when the API is ready.
    pub fn start(program: &Path, arguments: &[&str]) -> Result<Server, Failure> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("k1s-clients-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).map_err(Failure::io(directory.display()))?;
        let log = directory.join("log");
        let log = std::fs::File::create(&log).map_err(Failure::io(log.display()))?;
        let mut command = Command::new(program);
        command.args(["server", "--bind", &format!("127.0.0.1:{}", free_port()?)]).arg("--data-dir").arg(&directory);
        command.args(arguments).stdout(Stdio::piped()).stderr(log);
        let mut server = Server { child: command.spawn().map_err(Failure::io("k1s server"))?, directory };
        server.ready()?;
        Ok(server)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.file("admin.kubeconfig")
    }

    /// One of the files that it keeps.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn ready(&mut self) -> Result<(), Failure> {
        let output = self.child.stdout.take().expect("the output was piped");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map_err(Failure::io("k1s server"))?;
        match line.contains("the API is ready") {
            true => Ok(()),
            false => Err(Failure::Unexpected(format!("k1s server ended: {}", self.directory.join("log").display()))),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        let removed = std::fs::remove_dir_all(&self.directory);
        if let Err(error) = ended.and(removed) {
            eprintln!("{}: {error}", self.directory.display());
        }
    }
}

pub fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::io("a free port"))?;
    Ok(listener.local_addr().map_err(Failure::io("a free port"))?.port())
}
