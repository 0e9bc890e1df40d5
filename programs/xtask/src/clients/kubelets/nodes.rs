//! This machine as a node: with upstream's kubelet over containerd, or with k1s.

use super::super::running::{Directory, Running};
use super::super::server::free_port;
use super::super::{FOLDER, Succeeds, upstream};
use super::IMAGE;
use crate::conformance::archive::Layer;
use crate::failure::Failure;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BUSYBOX: &str = "/bin/busybox";
const COMMANDS: [&str; 8] = ["cat", "httpd", "mkdir", "nslookup", "sh", "sleep", "timeout", "wget"];
/// What upstream's kubelet needs beside it.
const NEEDED: [&str; 4] = ["containerd", "ctr", "runc", "unshare"];

/// `unshare`, whose child is the first process of namespaces: with it end all others, and the mounts.
pub struct Theirs {
    unshare: Running,
    pub log: PathBuf,
}

impl Theirs {
    pub fn start(name: &str, directory: &Directory, kubeconfig: &Path) -> Result<Theirs, Failure> {
        NEEDED.iter().try_for_each(|program| present(program))?;
        image(directory)?;
        let log = directory.file("kubelet.log");
        let mut unshare = Command::new("unshare");
        unshare.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
        unshare.arg(Path::new(FOLDER).join("kubelets/node.sh"));
        unshare.env("DIRECTORY", &directory.0).env("KUBECONFIG", kubeconfig).env("KUBELET", upstream("kubelet")?);
        unshare.env("NODE", name).env("IMAGE", IMAGE).env("PORT", free_port()?.to_string());
        Ok(Theirs { unshare: Running::start(&mut unshare, &log)?, log })
    }

    /// Returns when nothing of it runs.
    fn end(&mut self) -> Result<(), Failure> {
        let parent = self.unshare.0.id().to_string();
        // Which says that there is none where it has ended by itself.
        Command::new("pkill").args(["-KILL", "-P", &parent]).status().map_err(Failure::io("pkill"))?;
        self.unshare.0.wait().map_err(Failure::io("unshare"))?;
        // The kubelet leaves them for the next.
        let mut find = Command::new("find");
        find.args(["/sys/fs/cgroup", "-depth", "-type", "d", "-path", "*/kubepods*", "-delete"]).succeeds()
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        if let Err(failure) = self.end() {
            eprintln!("upstream's node: {failure}");
        }
    }
}

fn present(program: &str) -> Result<(), Failure> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&paths).any(|path| path.join(program).exists()) {
        true => Ok(()),
        false => Err(Failure::Unexpected(format!("upstream's kubelet needs {program}, which is not in the path"))),
    }
}

/// `k1s node`; what it made on this machine is taken away with its guard.
pub struct Ours {
    running: Running,
    reset: Command,
    pub log: PathBuf,
}

impl Ours {
    pub fn start(program: &Path, name: &str, directory: &Directory, kubeconfig: &Path) -> Result<Ours, Failure> {
        let log = directory.file("k1s.log");
        let on_data = |words: &[&str]| {
            let mut command = Command::new(program);
            command.args(words).arg("--data-dir").arg(directory.file("k1s")).stdout(Stdio::null());
            command
        };
        let mut node = on_data(&["node", "--name", name]);
        let running = Running::until("is ready", node.arg("--kubeconfig").arg(kubeconfig), &log)?;
        let ours = Ours { running, reset: on_data(&["reset", "--yes"]), log };
        on_data(&["image", "import"]).arg(image(directory)?).succeeds()?;
        Ok(ours)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let ended = self.running.0.kill().and_then(|()| self.running.0.wait()).map_err(Failure::io("k1s node"));
        if let Err(failure) = ended.and_then(|_| self.reset.succeeds()) {
            eprintln!("the node of k1s: {failure}");
        }
    }
}

/// An archive of a shell and what the pod calls; it serves as the pod's sandbox as well.
fn image(directory: &Directory) -> Result<PathBuf, Failure> {
    let mut layer = Layer::new();
    layer.file("bin/busybox", 0o755, &std::fs::read(BUSYBOX).map_err(Failure::io(BUSYBOX))?)?;
    COMMANDS.iter().try_for_each(|command| layer.link(&format!("bin/{command}"), BUSYBOX))?;
    let archive = directory.file("image.tar");
    layer.write(&archive, &[IMAGE], &json!({"Cmd": ["sleep", "1000000"], "Env": ["PATH=/bin"]}))?;
    Ok(archive)
}
