//! k1s beside upstream's kube-apiserver, both on one etcd, each reached through a `kubectl proxy`.

use super::running::{Directory, Running, last_words};
use super::server::{Server, free_port};
use super::{Succeeds, upstream};
use crate::failure::Failure;
use crate::upstream::Upstream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

pub const APISERVER_LOG: &str = "kube-apiserver.log";
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
        ready(&kubeconfig, &directory.file(APISERVER_LOG))?;
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

/// An etcd in that directory, and where it listens.
pub fn etcd(directory: &Path) -> Result<(Running, String), Failure> {
    let (client, peer) = (local(free_port()?), local(free_port()?));
    let mut command = Command::new(upstream("etcd")?);
    command.arg("--data-dir").arg(directory.join("etcd"));
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client, "--listen-peer-urls", &peer]);
    command.args(["--initial-advertise-peer-urls", &peer, "--initial-cluster", &format!("default={peer}")]);
    Ok((Running::start(&mut command, &directory.join("etcd.log"))?, client))
}

fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Upstream's API server, which trusts the authority of ours, and a kubeconfig for it.
fn apiserver(ours: &Server, directory: &Path, etcd: &str) -> Result<(Running, PathBuf), Failure> {
    let port = free_port()?;
    let (key, public) = (ours.file("service-account.key"), ours.file("service-account.pub"));
    let mut command = apiserver_command(etcd, port, &ours.file("ca.crt"), [&key, &public])?;
    command.arg("--cert-dir").arg(directory);
    let running = Running::start(&mut command, &directory.join(APISERVER_LOG))?;
    Ok((running, other_server(&ours.kubeconfig(), directory, port)?))
}

/// It trusts that authority, and the second of the keys to vouch for tokens that the first has signed.
pub fn apiserver_command(etcd: &str, port: u16, authority: &Path, keys: [&Path; 2]) -> Result<Command, Failure> {
    let mut command = Command::new(upstream("kube-apiserver")?);
    command.args(["--etcd-servers", etcd, "--bind-address=127.0.0.1", "--secure-port", &port.to_string()]);
    command.args(["--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=Node,RBAC"]);
    command.args(["--service-cluster-ip-range=10.96.0.0/12", "--allow-privileged"]);
    command.arg("--client-ca-file").arg(authority).arg("--service-account-signing-key-file").arg(keys[0]);
    command.arg("--service-account-key-file").arg(keys[1]);
    Ok(command)
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

/// Otherwise the end of its log tells why not.
pub fn ready(kubeconfig: &Path, log: &Path) -> Result<(), Failure> {
    for _ in 0..READY_TRIES {
        let mut kubectl = Command::new(upstream("kubectl")?);
        kubectl.arg("--kubeconfig").arg(kubeconfig).args(["get", "--raw", "/readyz"]);
        if kubectl.output().map_err(Failure::io("kubectl"))?.status.success() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::Unexpected(format!("kube-apiserver does not become ready: {}", last_words(log))))
}
