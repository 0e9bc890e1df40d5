//! `kubectl config set-cluster|set-context|set-credentials|delete-*|rename-context`: entries of the kubeconfig.

use super::file::{self, entry, remove_entry};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, array, list, switch, text};
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::{Value, quote, value};

const CLUSTER_FLAGS: &[Flag] = &[switch("embed-certs"), text("proxy-url")];
const CONTEXT_FLAGS: &[Flag] = &[switch("current")];
const USER_FLAGS: &[Flag] = &[
    switch("embed-certs"),
    text("exec-command"),
    text("exec-api-version"),
    text("exec-interactive-mode"),
    switch("exec-provide-cluster-info"),
    list("exec-arg"),
    array("exec-env"),
    text("auth-provider"),
    list("auth-provider-arg"),
];
/// What stands for a file that is taken into the configuration or named in it.
const USER_FILES: [(&str, &str); 2] = [("client-certificate", "client-certificate"), ("client-key", "client-key")];

pub const SET_CLUSTER: Command =
    Command::new("set-cluster", "Write a cluster", "NAME").flags(&[CLUSTER_FLAGS]).run(set_cluster);
pub const SET_CONTEXT: Command =
    Command::new("set-context", "Write a context", "[NAME | --current]").flags(&[CONTEXT_FLAGS]).run(set_context);
pub const SET_CREDENTIALS: Command =
    Command::new("set-credentials", "Write a user", "NAME").flags(&[USER_FLAGS]).run(set_credentials);
pub const DELETE_CLUSTER: Command =
    Command::new("delete-cluster", "Delete a cluster", "NAME").run(|session| delete(session, "cluster", "clusters"));
pub const DELETE_CONTEXT: Command =
    Command::new("delete-context", "Delete a context", "NAME").run(|session| delete(session, "context", "contexts"));
pub const DELETE_USER: Command =
    Command::new("delete-user", "Delete a user", "NAME").run(|session| delete(session, "user", "users"));
pub const RENAME_CONTEXT: Command =
    Command::new("rename-context", "Give a context another name", "NAME NEW-NAME").run(rename);

fn unexpected(session: &Session<'_>) -> Failure {
    Failure::text(format!("Unexpected args: [{}]", session.arguments().join(" ")))
}

fn set_context(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let name = match session.arguments() {
        [] => "",
        [name] => name.as_str(),
        _ => return Err(unexpected(session)),
    };
    let config = session.config()?;
    let name = match (name, flags.has("current")) {
        ("", false) => return Err(Failure::text("you must specify a non-empty context name or --current")),
        ("", true) if config.current().is_empty() => return Err(Failure::text("no current context is set")),
        ("", true) => config.current(),
        (_, true) => return Err(Failure::text("you cannot specify both a context name and --current")),
        (name, false) => name,
    };
    let known = config.entry("contexts", name).is_some();
    file::change(&config, "contexts", name, |config| {
        let context = entry(config, "contexts", "context", name);
        for field in ["cluster", "user", "namespace"] {
            put(context, field, flags.changed(field).then(|| flags.text(field)));
        }
        Ok(())
    })?;
    session.say(format!("Context {} {}.", quote(name), if known { "modified" } else { "created" }));
    Ok(())
}

/// An empty text takes the field away.
fn put(entry: &mut Value, field: &str, text: Option<&str>) {
    match text {
        None => {}
        Some("") => drop(entry.remove(field)),
        Some(text) => entry.set(field, text),
    }
}

fn set_cluster(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let [name] = session.arguments() else { return Err(unexpected(session)) };
    let (authority, insecure) = (flags.text("certificate-authority"), flags.has("insecure-skip-tls-verify"));
    if insecure && !authority.is_empty() {
        let text = "you cannot specify a certificate authority and insecure mode at the same time";
        return Err(Failure::text(text));
    }
    if flags.has("embed-certs") {
        if authority.is_empty() {
            return Err(Failure::text("you must specify a --certificate-authority to embed"));
        }
        check_file("certificate-authority", authority)?;
    }
    file::change(&*session.config()?, "clusters", name, |config| {
        let cluster = entry(config, "clusters", "cluster", name);
        if flags.changed("server") {
            put(cluster, "server", Some(flags.text("server")));
            cluster.remove("tls-server-name");
        }
        put(cluster, "tls-server-name", flags.changed("tls-server-name").then(|| flags.text("tls-server-name")));
        put(cluster, "proxy-url", flags.changed("proxy-url").then(|| flags.text("proxy-url")));
        if flags.changed("insecure-skip-tls-verify") {
            match insecure {
                true => cluster.set("insecure-skip-tls-verify", true),
                false => drop(cluster.remove("insecure-skip-tls-verify")),
            }
        }
        if insecure {
            cluster.remove("certificate-authority");
            cluster.remove("certificate-authority-data");
        }
        if flags.changed("certificate-authority") {
            put_file(cluster, "certificate-authority", authority, flags.has("embed-certs"))?;
            cluster.remove("insecure-skip-tls-verify");
        }
        Ok(())
    })?;
    session.say(format!("Cluster {} set.", quote(name)));
    Ok(())
}

fn check_file(flag: &str, path: &str) -> Result<(), Failure> {
    let missing =
        || Failure::text(format!("could not stat {flag} file {path}: stat {path}: no such file or directory"));
    std::fs::metadata(path).map(drop).map_err(|_| missing())
}

/// The file itself, or where it is.
fn put_file(entry: &mut Value, field: &str, path: &str, embed: bool) -> Result<(), Failure> {
    let data = format!("{field}-data");
    if embed {
        entry.set(&data, STANDARD.encode(std::fs::read(path)?));
        entry.remove(field);
    } else {
        put(entry, field, Some(&std::path::absolute(path)?.display().to_string()));
        entry.remove(&data);
    }
    Ok(())
}

fn set_credentials(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let [name] = session.arguments() else {
        return Err(Failure::text(format!("unexpected args: [{}]", session.arguments().join(" "))));
    };
    let (token, basic) =
        (!flags.text("token").is_empty(), !flags.text("username").is_empty() || !flags.text("password").is_empty());
    if token && basic {
        let text =
            "you cannot specify more than one authentication method at the same time: --token, --username/--password";
        return Err(Failure::text(text));
    }
    let given = |flag: &&(&str, &str)| !flags.text(flag.0).is_empty();
    if flags.has("embed-certs") {
        if !USER_FILES.iter().any(|flag| given(&flag)) {
            return Err(Failure::text("you must specify a --client-certificate or --client-key to embed"));
        }
        USER_FILES.iter().filter(given).try_for_each(|(flag, _)| check_file(flag, flags.text(flag)))?;
    }
    if !matches!(flags.text("exec-interactive-mode"), "" | "IfAvailable" | "Always" | "Never") {
        return Err(Failure::text("invalid interactive mode type, can be only IfAvailable, Never, Always"));
    }
    file::change(&*session.config()?, "users", name, |config| {
        let user = entry(config, "users", "user", name);
        for (flag, field) in USER_FILES.iter().filter(|(flag, _)| flags.changed(flag)) {
            put_file(user, field, flags.text(flag), flags.has("embed-certs"))?;
        }
        for field in ["token", "username", "password"] {
            put(user, field, flags.changed(field).then(|| flags.text(field)));
        }
        program(user, session);
        if token {
            user.remove("username");
            user.remove("password");
        }
        if basic {
            user.remove("token");
        }
        Ok(())
    })?;
    session.say(format!("User {} set.", quote(name)));
    Ok(())
}

/// The program that fetches credentials.
fn program(user: &mut Value, session: &Session<'_>) {
    let flags = &session.flags;
    if flags.changed("exec-command") {
        user.set("exec.command", flags.text("exec-command"));
        user.remove("exec.args");
        user.set_if_absent("exec.apiVersion", "");
        user.set_if_absent("exec.env", Value::Null);
        user.set_if_absent("exec.provideClusterInfo", false);
    }
    let Some(exec) = user.get_mut("exec") else { return };
    put(exec, "apiVersion", flags.changed("exec-api-version").then(|| flags.text("exec-api-version")));
    put(exec, "interactiveMode", flags.changed("exec-interactive-mode").then(|| flags.text("exec-interactive-mode")));
    if !flags.list("exec-arg").is_empty() {
        exec.set("args", flags.list("exec-arg").to_vec());
    }
    if flags.changed("exec-provide-cluster-info") {
        exec.set("provideClusterInfo", flags.has("exec-provide-cluster-info"));
    }
    let mut variables = exec.items("env").to_vec();
    for word in flags.list("exec-env") {
        let (name, text) =
            word.split_once('=').map_or((word.trim_end_matches('-'), None), |(name, text)| (name, Some(text)));
        variables.retain(|known| known.str("name") != name);
        variables.extend(text.map(|text| value!({"name": name, "value": text})));
    }
    if !flags.list("exec-env").is_empty() {
        exec.set("env", Value::List(variables));
    }
}

fn delete(session: &Session<'_>, word: &str, list: &'static str) -> Result<(), Failure> {
    let [name] = session.arguments() else {
        return Err(session.usage(format!("{word} to delete is required")));
    };
    let config = session.config()?;
    let path = file::main_path(&config);
    if config.entry(list, name).is_none() {
        return Err(Failure::text(format!("cannot delete {word} {name}, not in {path}")));
    }
    if list == "contexts" && config.current() == name {
        session.warn(
            "warning: this removed your active context, use \"kubectl config use-context\" to select a different one",
        );
    }
    file::change(&config, list, name, |config| {
        remove_entry(config, list, name);
        Ok(())
    })?;
    session.say(format!("deleted {word} {name} from {path}"));
    Ok(())
}

fn rename(session: &Session<'_>) -> Result<(), Failure> {
    let [old, new] = session.arguments() else { return Err(unexpected(session)) };
    if new.is_empty() {
        return Err(Failure::text("You must specify a new non-empty context name"));
    }
    let config = session.config()?;
    let path = file::main_path(&config);
    if config.entry("contexts", old).is_none() {
        return Err(Failure::text(format!("cannot rename the context {}, it's not in {path}", quote(old))));
    }
    if config.entry("contexts", new).is_some() {
        let (old, new) = (quote(old), quote(new));
        return Err(Failure::text(format!(
            "cannot rename the context {old}, the context {new} already exists in {path}"
        )));
    }
    file::change(&config, "contexts", old, |config| {
        let context = entry(config, "contexts", "context", old).clone();
        remove_entry(config, "contexts", old);
        *entry(config, "contexts", "context", new) = context;
        Ok(())
    })?;
    if config.current() == old {
        file::change_current(&config, new)?;
    }
    session.say(format!("Context {} renamed to {}.", quote(old), quote(new)));
    Ok(())
}
