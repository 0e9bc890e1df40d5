//! One etcd under k1s and upstream's kube-apiserver at once: what either writes, of every kind, the other reads equal;
//! etcdctl sees it under upstream's keys.

use super::server::{Server, free_port};
use super::{Succeeds, upstream};
use crate::failure::{self, Failure};
use crate::record::{self, Place};
use crate::tables::kinds::{self, Group};
use crate::upstream::{JSON, Upstream};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub const NAME: &str = "etcd";
const READY_TRIES: usize = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A program that ends with its guard.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("{error}");
        }
    }
}

pub fn interchange(program: &Path) -> Result<(), Failure> {
    let directory = std::env::temp_dir().join(format!("k1s-interchange-{}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(Failure::io(directory.display()))?;
    let outcome = both(program, &directory);
    std::fs::remove_dir_all(&directory).map_err(Failure::io(directory.display()))?;
    outcome
}

fn both(program: &Path, directory: &Path) -> Result<(), Failure> {
    let (_etcd, url) = etcd(directory)?;
    let server = Server::start(program, &["--etcd-servers", &url])?;
    let (_apiserver, kubeconfig) = apiserver(&server, directory, &url)?;
    let ours = Upstream::through(Command::new(upstream("kubectl")?).env("KUBECONFIG", server.kubeconfig()))?;
    let theirs = Upstream::through(Command::new(upstream("kubectl")?).env("KUBECONFIG", kubeconfig))?;
    ready(&theirs)?;
    let groups = kinds::read(&theirs)?;
    let mut problems = Vec::new();
    let mut samples = record::samples(&record::source_folder(), ".in.json")?;
    samples.retain(|path| !path.ends_with("refused.in.json"));
    for path in &samples {
        problems.extend(exchanged(&groups, path, &ours, &theirs)?.map(|what| format!("k1s wrote {what}")));
        problems.extend(exchanged(&groups, path, &theirs, &ours)?.map(|what| format!("upstream wrote {what}")));
    }
    let mut etcdctl = Command::new(upstream("etcdctl")?);
    etcdctl.args(["--endpoints", &url, "get", "/registry/namespaces/default", "--keys-only"]).succeeds()?;
    problems.iter().for_each(|problem| println!("{problem}"));
    println!("{} passed, {} failed", 2 * samples.len() - problems.len(), problems.len());
    if problems.is_empty() { Ok(()) } else { Err(Failure::Unexpected("one etcd is read in two ways".into())) }
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
    let key = ours.file("service-account.key");
    let mut command = Command::new(upstream("kube-apiserver")?);
    command.args(["--etcd-servers", etcd, "--bind-address=127.0.0.1", "--secure-port", &port.to_string()]);
    command.arg("--cert-dir").arg(directory).arg("--client-ca-file").arg(ours.file("ca.crt"));
    command.args(["--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=Node,RBAC"]);
    command.args(["--service-cluster-ip-range=10.96.0.0/12", "--allow-privileged"]);
    command.arg("--service-account-signing-key-file").arg(&key).arg("--service-account-key-file").arg(&key);
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

fn ready(server: &Upstream) -> Result<(), Failure> {
    for _ in 0..READY_TRIES {
        // Until it is, its proxy answers with an error in plain text.
        if server.get("/api/v1/namespaces/default").is_ok() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::Unexpected("kube-apiserver does not become ready".into()))
}

/// What the reader sees otherwise than the writer, after the writer created the sample.
fn exchanged(groups: &[Group], path: &Path, writer: &Upstream, reader: &Upstream) -> Result<Option<String>, Failure> {
    let what = path.display().to_string();
    let sample: Value = serde_json::from_str(&failure::read(path)?).map_err(Failure::json(&what))?;
    let place = Place::of(groups, &sample).ok_or_else(|| Failure::Unexpected(format!("{what}: no such kind")))?;
    let address = place.address(&sample);
    place.delete(writer, &sample)?;
    let made = writer.ask("POST", &place.collection, JSON, Some(&sample))?;
    if made.code != 201 {
        return Ok(Some(format!("nothing of {what}: {}", made.body)));
    }
    let (written, read) = (writer.get(&address)?, reader.get(&address)?);
    record::delete(writer, &address)?;
    Ok((written != read).then(|| format!("{what}\n  {written}\n  {read}")))
}
