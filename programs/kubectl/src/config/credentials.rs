//! From a merged configuration and the flags that override it to what the client needs.

use super::Config;
use crate::failure::Failure;
use crate::flags::Parsed;
use kube::config::{KubeConfigOptions, Kubeconfig};
use meta::{Value, value};

const NAME: &str = "overridden";

/// The flags that stand for a field of the user.
const USER_FLAGS: [(&str, &str); 7] = [
    ("token", "token"),
    ("username", "username"),
    ("password", "password"),
    ("client-certificate", "client-certificate"),
    ("client-key", "client-key"),
    ("as", "as"),
    ("as-uid", "as-uid"),
];
const CLUSTER_FLAGS: [(&str, &str); 3] =
    [("server", "server"), ("certificate-authority", "certificate-authority"), ("tls-server-name", "tls-server-name")];

/// A configuration with one context, made of what was chosen and what was overridden.
pub async fn client_config(config: &Config, flags: &Parsed) -> Result<kube::Config, Failure> {
    let chosen = flags.text("context");
    if !chosen.is_empty() && config.context(chosen).is_none() {
        let why = "Error in configuration: context was not found for specified context";
        return Err(Failure::Plain(format!("{why}: {chosen}")));
    }
    let context = config.context(chosen);
    let part = |flag: &str, field: &str| match flags.global(flag) {
        "" => context.map_or("", |context| context.str(field)).to_string(),
        given => given.to_string(),
    };
    let cluster = cluster(config, flags, &part("cluster", "cluster"))?;
    let user = user(config, flags, &part("user", "user"))?;
    let whole = value!({
        "apiVersion": "v1", "kind": "Config", "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": user}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}]
    });
    let kubeconfig: Kubeconfig = whole.decode().map_err(|why| Failure::text(why.to_string()))?;
    let made = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let mut made = made.map_err(|why| Failure::text(format!("invalid configuration: {why}")))?;
    made.read_timeout = None; // a watch may be silent for as long as it likes
    made.headers.clear();
    Ok(made)
}

fn cluster(config: &Config, flags: &Parsed, name: &str) -> Result<Value, Failure> {
    let mut cluster = config.entry("clusters", name).map_or_else(Value::map, |entry| entry.get("cluster").clone());
    if !flags.global("cluster").is_empty() && config.entry("clusters", name).is_none() {
        return Err(Failure::text(format!("cluster {} does not exist", meta::quote(name))));
    }
    for (flag, field) in CLUSTER_FLAGS {
        if !flags.global(flag).is_empty() {
            cluster.set(field, flags.global(flag));
        }
    }
    if flags.has("insecure-skip-tls-verify") {
        cluster.set("insecure-skip-tls-verify", true);
    }
    cluster.set_if_absent("server", "http://localhost:8080");
    if !cluster.str("server").contains("://") {
        let server = format!("http://{}", cluster.str("server"));
        cluster.set("server", server);
    }
    Ok(cluster)
}

fn user(config: &Config, flags: &Parsed, name: &str) -> Result<Value, Failure> {
    if !flags.global("user").is_empty() && config.entry("users", name).is_none() {
        return Err(Failure::text(format!("auth info {} does not exist", meta::quote(name))));
    }
    let mut user = config.entry("users", name).map_or_else(Value::map, |entry| entry.get("user").clone());
    for (flag, field) in USER_FLAGS {
        if !flags.global(flag).is_empty() {
            user.set(field, flags.global(flag));
        }
    }
    if flags.changed("as-group") {
        let groups: Vec<Value> = flags.list("as-group").iter().map(Value::from).collect();
        user.set("as-groups", Value::List(groups));
    }
    Ok(user)
}
