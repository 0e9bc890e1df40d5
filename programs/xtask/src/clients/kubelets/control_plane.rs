//! Upstream's control plane: etcd, the API server, the controllers and the scheduler.

use super::super::beside::{APISERVER_LOG, apiserver_command, etcd, ready};
use super::super::running::{Directory, Running};
use super::super::server::free_port;
use super::super::upstream;
use super::authority::Authority;
use crate::failure::Failure;
use std::path::PathBuf;
use std::process::Command;

/// The fields end in this order.
pub struct ControlPlane {
    _scheduler: Running,
    _controllers: Running,
    _apiserver: Running,
    _etcd: Running,
    pub url: String,
    pub kubeconfig: PathBuf,
    pub authority: Authority,
    pub directory: Directory,
}

impl ControlPlane {
    pub fn start() -> Result<ControlPlane, Failure> {
        let directory = Directory::make()?;
        let authority = Authority::make(&directory)?;
        let (etcd, store) = etcd(&directory.0)?;
        let port = free_port()?;
        let url = format!("https://127.0.0.1:{port}");
        let kubeconfig = authority.kubeconfig(&url, "admin", "/O=system:masters/CN=admin")?;
        let apiserver = apiserver(&store, port, &authority, &directory)?;
        ready(&kubeconfig, &directory.file(APISERVER_LOG))?;
        let mut controllers = part("kube-controller-manager", &url, &authority)?;
        controllers.arg("--root-ca-file").arg(directory.file("ca.crt")).arg("--use-service-account-credentials");
        controllers.arg("--service-account-private-key-file").arg(directory.file("server.key"));
        let controllers = Running::start(&mut controllers, &directory.file("controllers.log"))?;
        let mut scheduler = part("kube-scheduler", &url, &authority)?;
        let scheduler = Running::start(&mut scheduler, &directory.file("scheduler.log"))?;
        Ok(ControlPlane {
            _scheduler: scheduler,
            _controllers: controllers,
            _apiserver: apiserver,
            _etcd: etcd,
            url,
            kubeconfig,
            authority,
            directory,
        })
    }
}

fn apiserver(store: &str, port: u16, authority: &Authority, directory: &Directory) -> Result<Running, Failure> {
    authority.sign("server", "/CN=kube-apiserver")?;
    let file = |name: &str| directory.file(name);
    let (certificate, key) = (file("server.crt"), file("server.key"));
    let mut command = apiserver_command(store, port, &file("ca.crt"), [&key, &certificate])?;
    command.arg("--tls-cert-file").arg(&certificate).arg("--tls-private-key-file").arg(&key);
    command.arg("--kubelet-client-certificate").arg(file("admin.crt"));
    command.arg("--kubelet-client-key").arg(file("admin.key"));
    command.args(["--enable-admission-plugins=NodeRestriction", "--kubelet-preferred-address-types=InternalIP"]);
    Running::start(&mut command, &file(APISERVER_LOG))
}

/// One that works through the API, as the user of its name.
fn part(name: &str, url: &str, authority: &Authority) -> Result<Command, Failure> {
    let kubeconfig = authority.kubeconfig(url, name, &format!("/CN=system:{name}"))?;
    let mut command = Command::new(upstream(name)?);
    command.arg("--kubeconfig").arg(kubeconfig).args(["--leader-elect=false", "--secure-port=0"]);
    Ok(command)
}
