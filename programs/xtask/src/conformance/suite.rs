//! Upstream's suite as one program, built from the modules that `conformance/go.mod` pins.

use super::{BUILT, MODULE};
use crate::failure::{self, Failure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const VERSION: &str = "v1.35.4";
const CONFORMANCE: &str = r"\[Conformance\]";
/// The suite waits for every node by default; specs that need one say so themselves.
const FLAGS: [&str; 6] = [
    "--provider=skeleton",
    "--allowed-not-ready-nodes=-1",
    "--dump-logs-on-failure=false",
    "--disable-log-dump=true",
    "--ginkgo.no-color",
    "--ginkgo.grace-period=5s",
];

#[derive(Clone)]
pub struct Spec {
    pub name: String,
    /// Disturbs other specs, so that it runs alone.
    pub serial: bool,
}

impl Spec {
    /// `apps` of `[sig-apps] ReplicaSet should ...`.
    pub fn sig(&self) -> &str {
        sig(&self.name)
    }
}

pub fn sig(name: &str) -> &str {
    name.strip_prefix("[sig-").and_then(|rest| rest.split_once(']')).map_or("none", |(sig, _)| sig)
}

pub struct Suite {
    program: PathBuf,
    kubeconfig: PathBuf,
    /// Where it is not the one in the path.
    kubectl: Option<PathBuf>,
}

impl Suite {
    pub fn build(kubeconfig: &str) -> Result<Suite, Failure> {
        let program = build("e2e.test", &["test", "-c"], "k8s.io/kubernetes/test/e2e")?;
        let kubeconfig = absolute(Path::new(kubeconfig))?;
        Ok(Suite { program, kubeconfig, kubectl: std::env::var_os("KUBECTL").map(PathBuf::from) })
    }

    pub fn with_kubectl(self, kubectl: PathBuf) -> Suite {
        Suite { kubectl: Some(kubectl), ..self }
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(FLAGS).arg("--kubeconfig").arg(&self.kubeconfig);
        if let Some(kubectl) = &self.kubectl {
            command.arg("--kubectl-path").arg(kubectl);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Every spec with the conformance mark, sorted by name.
    pub fn specs(&self) -> Result<Vec<Spec>, Failure> {
        let report = absolute(Path::new(BUILT))?.join("specs.json");
        let mut command = self.command();
        command.args(["--ginkgo.dry-run", "--ginkgo.focus", CONFORMANCE]).arg(flag("--ginkgo.json-report", &report));
        let output = command.output().map_err(Failure::io("e2e.test"))?;
        if !output.status.success() {
            return Err(Failure::Unexpected(String::from_utf8_lossy(&output.stdout).into_owned()));
        }
        let mut specs: Vec<Spec> = reports(&report)?.iter().filter_map(spec).collect();
        specs.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(specs)
    }
}

fn spec(report: &Value) -> Option<Spec> {
    let texts = report["ContainerHierarchyTexts"].as_array()?.iter();
    let mut name: Vec<&str> = texts.filter_map(Value::as_str).collect();
    name.push(report["LeafNodeText"].as_str()?);
    let name = name.join(" ");
    let chosen = report["LeafNodeType"] == "It" && report["State"] == "passed" && name.contains("[Conformance]");
    let serial = report["IsSerial"] == true || name.contains("[Serial]");
    chosen.then_some(Spec { name, serial })
}

/// The reports in a file of `--ginkgo.json-report`.
pub fn reports(path: &Path) -> Result<Vec<Value>, Failure> {
    let text = failure::read(path)?;
    let mut suites: Value = serde_json::from_str(&text).map_err(Failure::json(path.display()))?;
    match suites[0]["SpecReports"].take() {
        Value::Array(reports) => Ok(reports),
        _ => Err(Failure::Unexpected(format!("{}: no reports", path.display()))),
    }
}

pub fn flag(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// Builds a package of upstream's into the directory of what was built, and returns its path.
pub fn build(name: &str, verb: &[&str], package: &str) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(BUILT).map_err(Failure::io(BUILT))?;
    let program = absolute(Path::new(BUILT))?.join(name);
    let version = "k8s.io/component-base/version";
    let flags = format!(
        "-s -w -X {version}.gitVersion={VERSION} -X {version}.gitMajor=1 -X {version}.gitMinor=35 \
         -X {version}.gitTreeState=clean -X k8s.io/client-go/pkg/version.gitVersion={VERSION}"
    );
    eprintln!("== {name}");
    let mut go = Command::new("go");
    go.current_dir(MODULE).env("CGO_ENABLED", "0");
    go.args(verb).arg("-ldflags").arg(flags).arg("-o").arg(&program).arg(package);
    let status = go.status().map_err(Failure::io("go"))?;
    if status.success() { Ok(program) } else { Err(Failure::Unexpected(format!("{name} was not built"))) }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(Failure::io(path.display()))
}
