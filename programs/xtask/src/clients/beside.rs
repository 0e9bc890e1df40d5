//! k1s beside upstream's kube-apiserver, both on one etcd, each reached through a `kubectl proxy`.

use super::server::{Server, free_port};
use super::{Succeeds, upstream};
use crate::failure::Failure;
use crate::upstream::Upstream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const READY_TRIES: usize = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// The fields end in this order: proxies before servers, servers before etcd, files last.
pub struct Beside {
    pub ours: Upstream,
    pub theirs: Upstream,
    _apiserver: Running,
    _server: Server,
    _etcd: Running,
    /// Where etcd listens.
    pub etcd: String,
    _directory: Directory,
}

impl Beside {
    pub fn start(program: &Path) -> Result<Beside, Failure> {
        let directory = Directory::make()?;
        let (etcd_process, etcd) = etcd(&directory.0)?;
        let server = Server::start(program, &["--etcd-servers", &etcd])?;
        let (apiserver, kubeconfig) = apiserver(&server, &directory.0, &etcd)?;
        ready(&kubeconfig)?;
        let ours = Upstream::through(Command::new(upstream("kubectl")?).env("KUBECONFIG", server.kubeconfig()))?;
        let theirs = Upstream::through(Command::new(upstream("kubectl")?).env("KUBECONFIG", kubeconfig))?;
        Ok(Beside {
            ours,
            theirs,
            _apiserver: apiserver,
            _server: server,
            _etcd: etcd_process,
            etcd,
            _directory: directory,
        })
    }
}

/// Removed with its guard.
struct Directory(PathBuf);

impl Directory {
    fn make() -> Result<Directory, Failure> {
        let path = std::env::temp_dir().join(format!("k1s-beside-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Failure::io(path.display()))?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

/// A program that ends with its guard.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("{error}");
        }
    }
}

fn etcd(directory: &Path) -> Result<(Running, String), Failure> {
    let (client, peer) = (local(free_port()?), local(free_port()?));
    let mut command = Command::new(upstream("etcd")?);
    command.arg("--data-dir").arg(directory.join("etcd"));
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client, "--listen-peer-urls", &peer]);
    command.args(["--initial-advertise-peer-urls", &peer, "--initial-cluster", &format!("default={peer}")]);
    Ok((start(command, &directory.join("etcd.log"))?, client))
}

fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Upstream's API server, which trusts the authority of ours, and a kubeconfig for it.
fn apiserver(ours: &Server, directory: &Path, etcd: &str) -> Result<(Running, PathBuf), Failure> {
    let port = free_port()?;
    let mut command = Command::new(upstream("kube-apiserver")?);
    command.args(["--etcd-servers", etcd, "--bind-address=127.0.0.1", "--secure-port", &port.to_string()]);
    command.arg("--cert-dir").arg(directory).arg("--client-ca-file").arg(ours.file("ca.crt"));
    command.args(["--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=Node,RBAC"]);
    command.args(["--service-cluster-ip-range=10.96.0.0/12", "--allow-privileged"]);
    command.arg("--service-account-signing-key-file").arg(ours.file("service-account.key"));
    command.arg("--service-account-key-file").arg(ours.file("service-account.pub"));
    let running = start(command, &directory.join("kube-apiserver.log"))?;
    Ok((running, other_server(&ours.kubeconfig(), directory, port)?))
}

/// The same administrator, another server, whose self-made certificate no authority vouches for.
fn other_server(kubeconfig: &Path, directory: &Path, port: u16) -> Result<PathBuf, Failure> {
    let path = directory.join("upstream.kubeconfig");
    std::fs::copy(kubeconfig, &path).map_err(Failure::io(path.display()))?;
    let mut kubectl = Command::new(upstream("kubectl")?);
    kubectl.arg("--kubeconfig").arg(&path).args(["config", "set-cluster", "k1s", "--insecure-skip-tls-verify"]);
    kubectl.arg(format!("--server=https://127.0.0.1:{port}")).stdout(Stdio::null()).succeeds()?;
    Ok(path)
}

fn start(mut command: Command, log: &Path) -> Result<Running, Failure> {
    let output = std::fs::File::create(log).map_err(Failure::io(log.display()))?;
    let errors = output.try_clone().map_err(Failure::io(log.display()))?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    command.spawn().map(Running).map_err(Failure::io(command.get_program().to_string_lossy()))
}

fn ready(kubeconfig: &Path) -> Result<(), Failure> {
    for _ in 0..READY_TRIES {
        let mut kubectl = Command::new(upstream("kubectl")?);
        kubectl.arg("--kubeconfig").arg(kubeconfig).args(["get", "--raw", "/readyz"]);
        if kubectl.output().map_err(Failure::io("kubectl"))?.status.success() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::Unexpected("kube-apiserver does not become ready".into()))
}
