//! `kubectl version`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::go;
use crate::print::yaml;
use crate::session::Session;
use crate::wire::Request;
use meta::{Value, value};

const FLAGS: &[Flag] = &[flags::switch("client"), flags::text("output").short('o')];
/// The release whose client this one is like.
const RELEASE: &str = "v1.35.4";
const KUSTOMIZE: &str = "v5.7.1";

pub const COMMAND: Command =
    Command::new("version", "Show the versions of client and server", "").flags(&[FLAGS]).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let output = session.flags.text("output");
    if !session.arguments().is_empty() {
        return Err(Failure::text(format!("extra arguments: [{}]", session.arguments().join(" "))));
    }
    if !matches!(output, "" | "yaml" | "json") {
        return Err(Failure::text("--output must be 'yaml' or 'json'"));
    }
    let server = match session.flags.has("client") {
        true => Ok(Value::Null),
        false => session.door().and_then(|door| door.call(Request::get("/version"))),
    };
    let known = server.as_ref().ok().filter(|server| !server.is_null());
    let mut all = value!({
        "clientVersion": {
            "major": "1", "minor": "35", "gitVersion": RELEASE, "gitCommit": "", "gitTreeState": "", "buildDate": "",
            "goVersion": "", "compiler": "rustc", "platform": (format!("{}/{}", std::env::consts::OS, platform()))
        },
        "kustomizeVersion": KUSTOMIZE
    });
    if let Some(server) = known {
        all.set("serverVersion", server.clone());
    }
    match output {
        "yaml" => session.say(yaml::write(&all)),
        "json" => session.say(go::json_indented(&all, "  ")),
        _ => {
            session.say(format!("Client Version: {RELEASE}\nKustomize Version: {KUSTOMIZE}"));
            if let Some(server) = known {
                session.say(format!("Server Version: {}", server.str("gitVersion")));
            }
        }
    }
    server.map(|_| ())
}

fn platform() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
