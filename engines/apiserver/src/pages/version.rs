//! `/version`.

use meta::{Value, value};

/// The Kubernetes whose behaviour is served.
pub const KUBERNETES: &str = "v1.35.4";

pub fn version() -> Value {
    value!({
        "major": "1",
        "minor": "35",
        "emulationMajor": "1",
        "emulationMinor": "35",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "34",
        "gitVersion": (format!("{KUBERNETES}+k1s-{}", env!("CARGO_PKG_VERSION"))),
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "",
        "goVersion": "",
        "compiler": "rustc",
        "platform": (format!("{}/{}", std::env::consts::OS, architecture())),
    })
}

/// Go's name of the machine.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
