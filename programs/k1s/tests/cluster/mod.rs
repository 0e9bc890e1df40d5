//! A k1s on this machine, started as a person would, and gone without a trace when a test ends.

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub struct Cluster {
    pub dir: PathBuf,
    bind: String,
}

impl Cluster {
    pub fn new(name: &str) -> Cluster {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let dir = std::env::temp_dir().join(format!("k1s-{name}-{}", std::process::id()));
        Cluster { dir, bind: format!("0.0.0.0:{}", free.port()) }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_k1s"));
        command.args(arguments).arg("--data-dir").arg(&self.dir).env("KUBECONFIG", self.dir.join("kubeconfig"));
        command
    }

    pub fn k1s(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("k1s can be started")
    }

    /// The command that starts it.
    pub fn start(&self) -> Command {
        self.command(&["up", "--bind", &self.bind])
    }

    pub fn up(&self) {
        let output = self.start().output().expect("k1s can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let log = fs::read_to_string(self.dir.join("k1s.log")).unwrap_or_default();
        assert!(output.status.success(), "{said}\n{}\n{log}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("k1s is up"), "{said}");
    }

    pub async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::read_from(self.dir.join("kubeconfig")).expect("a kubeconfig was merged");
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        Client::try_from(config.expect("a context")).expect("a client")
    }

    /// Whether there was one to kill.
    pub fn kill(&self) -> bool {
        let pid = fs::read_to_string(self.dir.join("k1s.pid")).expect("a process id");
        Command::new("kill").args(["-9", pid.trim()]).status().expect("kill").success()
    }

    /// Kills whatever runs as a start of this cluster, found by its command line; there may be none.
    #[allow(dead_code, reason = "not every test that starts a cluster kills it in the middle")]
    pub fn kill_started(&self) {
        let pattern = format!("k1s up .*--data-dir {}( |$)", self.dir.display());
        Command::new("pkill").args(["-9", "-f", &pattern]).status().expect("pkill");
    }
}

impl Drop for Cluster {
    /// Also after a failed assertion nothing may stay on the machine.
    fn drop(&mut self) {
        if self.dir.exists() {
            self.k1s(&["reset", "--yes"]);
        }
    }
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// What k1s could have left on this machine.
pub fn traces(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for link in fs::read_dir("/sys/class/net").expect("links").flatten() {
        found.extend(
            link.file_name().to_str().filter(|name| name.starts_with("k1s")).map(|name| format!("link {name}")),
        );
    }
    let mounts = fs::read_to_string("/proc/self/mounts").expect("mounts");
    let below = dir.to_string_lossy().into_owned();
    found.extend(mounts.lines().filter(|line| line.contains(&below)).map(|line| format!("mount {line}")));
    if dir.exists() {
        found.push(format!("directory {below}"));
    }
    found
}
