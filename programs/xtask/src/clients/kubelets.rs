//! Kubelets of the other side: upstream's joins the control plane of k1s, and k1s's joins upstream's. Either runs a pod.
//! Needs root, and of Debian's packages containerd, runc, containernetworking-plugins, busybox-static and openssl.

mod authority;
mod control_plane;
mod nodes;

use super::running::{Directory, last_words};
use super::server::Server;
use super::{FOLDER, Succeeds, upstream};
use crate::failure::Failure;
use authority::Authority;
use control_plane::ControlPlane;
use nodes::{Ours, Theirs};
use std::path::Path;
use std::process::Command;

/// What the nodes have without a registry.
const IMAGE: &str = "registry.k8s.io/e2e-test-images/busybox:1.37.0-1";

pub fn exchange(program: &Path) -> Result<(), Failure> {
    theirs_joins_ours(program)?;
    ours_joins_theirs(program)
}

fn theirs_joins_ours(program: &Path) -> Result<(), Failure> {
    eprintln!("upstream's kubelet joins k1s");
    let server = Server::up(program)?;
    let directory = Directory::make()?;
    let authority = Authority::copy(&server.file("ca.crt"), &server.file("ca.key"), &directory)?;
    let kubeconfig = authority.kubeconfig(&server.url, "node", "/O=system:nodes/CN=system:node:theirs")?;
    let node = Theirs::start("theirs", &directory, &kubeconfig)?;
    let mut pod = pod("theirs", &server.kubeconfig())?;
    pod.succeeds().inspect_err(|_| eprintln!("{}", last_words(&node.log)))
}

fn ours_joins_theirs(program: &Path) -> Result<(), Failure> {
    eprintln!("the kubelet of k1s joins upstream");
    let theirs = ControlPlane::start()?;
    let kubeconfig = theirs.authority.kubeconfig(&theirs.url, "node", "/O=system:nodes/CN=system:node:ours")?;
    let node = Ours::start(program, "ours", &theirs.directory, &kubeconfig)?;
    let mut pod = pod("ours", &theirs.kubeconfig)?;
    pod.env("SERVICES", "yes").succeeds().inspect_err(|_| eprintln!("{}", last_words(&node.log)))
}

fn pod(node: &str, kubeconfig: &Path) -> Result<Command, Failure> {
    let mut script = Command::new(Path::new(FOLDER).join("kubelets/pod.sh"));
    script.env("KUBECTL", upstream("kubectl")?).env("KUBECONFIG", kubeconfig);
    script.env("NODE", node).env("IMAGE", IMAGE);
    Ok(script)
}
