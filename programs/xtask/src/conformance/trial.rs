//! A cluster of one node, made for a run in a directory of its own, that leaves nothing.

use crate::failure::Failure;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

pub struct Trial {
    program: PathBuf,
    directory: PathBuf,
}

impl Trial {
    /// Builds k1s; nothing runs yet.
    pub fn prepare() -> Result<Trial, Failure> {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
        cargo.args(["build", "--quiet", "-p", "k1s"]);
        succeeds("the build of k1s", &mut cargo)?;
        let program = std::path::absolute("target/debug/k1s").map_err(Failure::io("target"))?;
        Ok(Trial { program, directory: std::env::temp_dir().join(format!("k1s-trial-{}", std::process::id())) })
    }

    /// A node imports what lies here when it starts.
    pub fn images(&self) -> PathBuf {
        self.directory.join("images")
    }

    pub fn kubeconfig(&self) -> String {
        self.directory.join("admin.kubeconfig").display().to_string()
    }

    pub fn up(&self) -> Result<(), Failure> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let bind = format!("0.0.0.0:{}", free.map_err(Failure::io("a free port"))?.port());
        succeeds("k1s up", self.command("up").args(["--bind", &bind]))
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        // The person's own kubeconfig is not to be changed.
        command.env("KUBECONFIG", self.kubeconfig()).arg(name).arg("--data-dir").arg(&self.directory);
        command
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Err(failure) = succeeds("k1s reset", self.command("reset").arg("--yes")) {
            eprintln!("{}: {failure}", self.directory.display());
        }
    }
}

fn succeeds(what: &str, command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(Failure::io(what))?;
    if status.success() { Ok(()) } else { Err(Failure::Unexpected(format!("{what}: {status}"))) }
}
