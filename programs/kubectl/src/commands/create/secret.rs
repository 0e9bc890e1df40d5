//! `kubectl create secret generic|tls|docker-registry`.

use super::sources::{self, Entry, key_problem};
use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind};
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::{Value, quote, value};

const DOCKER_KEY: &str = ".dockerconfigjson";

const GENERIC_FLAGS: &[Flag] =
    &[flags::list("from-file"), flags::array("from-literal"), flags::list("from-env-file"), flags::text("type")];
const TLS_FLAGS: &[Flag] = &[flags::text("cert"), flags::text("key")];
const DOCKER_FLAGS: &[Flag] = &[
    flags::text("docker-username"),
    flags::text("docker-password"),
    flags::text("docker-email"),
    Flag::of(Kind::Text, "docker-server", "https://index.docker.io/v1/"),
    flags::list("from-file"),
];

const COMMANDS: &[Command] = &[
    Command::new("docker-registry", "Create a secret for a registry", "NAME --docker-username=USER ...")
        .flags(&with(DOCKER_FLAGS))
        .run(docker),
    Command::new("generic", "Create a secret from files or literals", "NAME [--from-literal=KEY=VALUE]")
        .flags(&with(GENERIC_FLAGS))
        .run(generic),
    Command::new("tls", "Create a TLS secret", "NAME --cert=FILE --key=FILE").flags(&with(TLS_FLAGS)).run(tls),
];

pub const COMMAND: Command = Command::new("secret", "Create a secret", "TYPE").commands(COMMANDS);

const KNOWN: Known = Known::new("", "v1", "secrets", "failed to create secret");

fn generic(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let entries = sources::read(&session.flags)?;
    make(session, &name, session.flags.text("type"), entries)
}

fn tls(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let (cert, key) = (session.flags.text("cert"), session.flags.text("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(Failure::text("key and cert must be specified"));
    }
    let read = |path: &str| {
        std::fs::read(path)
            .map_err(|_| Failure::text(format!("Cannot read file {path}, open {path}: no such file or directory")))
    };
    let (cert, key) = (read(cert)?, read(key)?);
    for (bytes, what) in [(&cert, "certificate"), (&key, "key")] {
        if !String::from_utf8_lossy(bytes).contains("-----BEGIN ") {
            return Err(Failure::text(format!("tls: failed to find any PEM data in {what} input")));
        }
    }
    make(session, &name, "kubernetes.io/tls", vec![("tls.crt".into(), cert), ("tls.key".into(), key)])
}

fn docker(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let (user, password) = (flags.text("docker-username"), flags.text("docker-password"));
    let server = flags.text("docker-server");
    let mut entries: Vec<Entry> = Vec::new();
    for source in flags.list("from-file") {
        let source = if source.contains('=') { source.clone() } else { format!("{DOCKER_KEY}={source}") };
        sources::from_file(&source, &mut entries)?;
    }
    if entries.is_empty() {
        if user.is_empty() || password.is_empty() || server.is_empty() {
            return Err(Failure::text(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
            ));
        }
        entries.push((DOCKER_KEY.into(), docker_config(user, password, flags.text("docker-email"), server)));
    }
    make(session, &name, "kubernetes.io/dockerconfigjson", entries)
}

/// In the order in which upstream writes the fields, for the text is kept as it stands.
fn docker_config(user: &str, password: &str, email: &str, server: &str) -> Vec<u8> {
    let json = |text: &str| crate::go::json(&Value::from(text));
    let fields = [("username", user), ("password", password), ("email", email)];
    let mut fields: Vec<String> = fields
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(field, text)| format!("\"{field}\":{}", json(text)))
        .collect();
    fields.push(format!("\"auth\":{}", json(&STANDARD.encode(format!("{user}:{password}")))));
    format!("{{\"auths\":{{{}:{{{}}}}}}}", json(server), fields.join(",")).into_bytes()
}

fn make(session: &Session<'_>, name: &str, kind: &str, entries: Vec<Entry>) -> Result<(), Failure> {
    let mut object = value!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    if !kind.is_empty() {
        object.set("type", kind);
    }
    for (key, bytes) in entries {
        if let Some(why) = key_problem(&key) {
            return Err(Failure::text(format!("{} is not valid key name for a Secret {why}", quote(&key))));
        }
        if !object.get("data").get(&key).is_null() {
            return Err(Failure::text(format!("cannot add key {key}, another key by that name already exists")));
        }
        *object.entry("data").entry(&key) = STANDARD.encode(bytes).into();
    }
    KNOWN.make(session, object)
}
