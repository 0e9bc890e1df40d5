//! Programs that nobody here wrote, on an API server started for them: kubectl of this version and of two before, the
//! official Python client, helm; beside upstream's own API server on one etcd: what is stored and what is served; and
//! kubelets that change sides.
//! `clients [NAME...]` runs those named, or all; `$K1S_UPSTREAM/bin` holds upstream's programs.

mod beside;
mod etcd;
mod kubelets;
mod running;
mod served;
mod server;

use crate::failure::Failure;
use beside::Beside;
use server::Server;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "clients";
const BUILT: &str = "target/clients";

struct Client {
    name: &'static str,
    /// With the program k1s.
    run: fn(&Path) -> Result<(), Failure>,
}

const CLIENTS: [Client; 7] = [
    Client { name: "kubectl", run: |program| kubectl(&Server::start(program, &[])?) },
    Client { name: "kubectl-1.33", run: |program| kubectl_before(&Server::start(program, &[])?) },
    Client { name: "python", run: |program| python(&Server::start(program, &[])?) },
    Client { name: "helm", run: |program| helm(&Server::start(program, &[])?) },
    Client { name: "etcd", run: |program| etcd::interchange(&Beside::start(program)?) },
    Client { name: "served", run: |program| served::compare(&Beside::start(program)?) },
    Client { name: "kubelets", run: kubelets::exchange },
];

pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    if let Some(unknown) = arguments.iter().find(|name| CLIENTS.iter().all(|client| client.name != **name)) {
        return Err(Failure::Unexpected(format!("no client {unknown}")));
    }
    let program = server::build()?;
    for client in CLIENTS.iter().filter(|client| wanted(client.name)) {
        eprintln!("== {}", client.name);
        (client.run)(&program)?;
    }
    Ok(())
}

fn kubectl(server: &Server) -> Result<(), Failure> {
    script("kubectl.sh", server).env("KUBECTL", upstream("kubectl")?).succeeds()
}

fn kubectl_before(server: &Server) -> Result<(), Failure> {
    let program = built("kubectl-1.33")?;
    let mut go = Command::new("go");
    go.current_dir(Path::new(FOLDER).join("kubectl-1.33")).env("CGO_ENABLED", "0");
    // A program of a module alone does not know its version, and refuses to compare it.
    go.args(["build", "-ldflags", "-X k8s.io/component-base/version.gitVersion=v1.33.4"]);
    go.arg("-o").arg(&program).arg(".").succeeds()?;
    script("kubectl.sh", server).env("KUBECTL", program).succeeds()
}

fn python(server: &Server) -> Result<(), Failure> {
    let venv = built("python")?;
    Command::new("python3").args(["-m", "venv"]).arg(&venv).succeeds()?;
    let folder = Path::new(FOLDER).join("python");
    let mut pip = Command::new(venv.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(folder.join("requirements.txt"));
    pip.succeeds()?;
    let mut python = Command::new(venv.join("bin/python"));
    python.arg(folder.join("lifecycle.py")).env("KUBECONFIG", server.kubeconfig()).succeeds()
}

fn helm(server: &Server) -> Result<(), Failure> {
    script("helm.sh", server).env("HELM", upstream("helm")?).succeeds()
}

fn script(name: &str, server: &Server) -> Command {
    let mut command = Command::new(Path::new(FOLDER).join(name));
    command.env("KUBECONFIG", server.kubeconfig());
    command
}

/// Where something that is made for a client lies.
fn built(name: &str) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(BUILT).map_err(Failure::io(BUILT))?;
    std::path::absolute(Path::new(BUILT).join(name)).map_err(Failure::io(BUILT))
}

/// One of upstream's programs, which have to be built before.
fn upstream(name: &str) -> Result<PathBuf, Failure> {
    let home = std::env::var_os("K1S_UPSTREAM").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cache/k1s-upstream")));
    let program = home.unwrap_or_default().join("bin").join(name);
    match program.exists() {
        true => Ok(program),
        false => Err(Failure::Unexpected(format!("{} is not there: build it first", program.display()))),
    }
}

trait Succeeds {
    fn succeeds(&mut self) -> Result<(), Failure>;
}

impl Succeeds for Command {
    fn succeeds(&mut self) -> Result<(), Failure> {
        let name = self.get_program().to_string_lossy().into_owned();
        let status = self.status().map_err(Failure::io(&name))?;
        if status.success() { Ok(()) } else { Err(Failure::Unexpected(format!("{name}: {status}"))) }
    }
}
