//! Credentials for registries, from the secrets that a pod names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cri::v1::AuthConfig;
use k8s_openapi::api::core::v1::Secret;
use podplan::image::registry_path;
use serde::Deserialize;
use std::collections::BTreeMap;

const DOCKER_JSON: &str = ".dockerconfigjson";
const DOCKER_CFG: &str = ".dockercfg";

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    username: String,
    password: String,
    auth: String,
    identitytoken: String,
    registrytoken: String,
}

/// What matches an image, the closest match first.
pub fn credentials<'a>(image: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> Vec<AuthConfig> {
    let path = registry_path(image);
    let all = secrets.into_iter().flat_map(entries);
    let mut matching: Vec<(String, Entry)> = all.filter(|(registry, _)| matches(registry, &path)).collect();
    matching.sort_by_key(|(registry, _)| std::cmp::Reverse(bare(registry).len()));
    matching.into_iter().map(|(registry, entry)| auth(registry, entry)).collect()
}

/// A secret that is no docker configuration has nothing to say.
fn entries(secret: &Secret) -> Vec<(String, Entry)> {
    let data = |key: &str| secret.data.as_ref().and_then(|d| d.get(key)).map(|bytes| bytes.0.as_slice());
    let whole = data(DOCKER_JSON).and_then(|bytes| serde_json::from_slice::<DockerConfig>(bytes).ok());
    let old = data(DOCKER_CFG).and_then(|bytes| serde_json::from_slice::<BTreeMap<String, Entry>>(bytes).ok());
    whole.map(|config| config.auths).into_iter().chain(old).flatten().collect()
}

fn bare(registry: &str) -> &str {
    let registry = registry.trim_start_matches("https://").trim_start_matches("http://");
    let registry = registry.trim_end_matches('/');
    registry.strip_suffix("/v1").or_else(|| registry.strip_suffix("/v2")).unwrap_or(registry)
}

fn matches(registry: &str, path: &str) -> bool {
    let registry = match bare(registry) {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        other => other,
    };
    let (host, prefix) = registry.split_once('/').unwrap_or((registry, ""));
    let (image_host, image_path) = path.split_once('/').unwrap_or((path, ""));
    let inside = prefix.is_empty()
        || image_path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    inside && host_matches(host, image_host)
}

/// `*` stands for one part of a name.
fn host_matches(pattern: &str, host: &str) -> bool {
    let (patterns, parts): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    let part = |(pattern, part): (&&str, &&str)| match pattern.split_once('*') {
        Some((start, end)) => part.len() + 1 >= pattern.len() && part.starts_with(start) && part.ends_with(end),
        None => pattern == part,
    };
    patterns.len() == parts.len() && patterns.iter().zip(&parts).all(part)
}

fn auth(registry: String, entry: Entry) -> AuthConfig {
    let decoded = STANDARD.decode(entry.auth.as_bytes()).ok().and_then(|b| String::from_utf8(b).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (username, password) = match pair {
        Some((user, password)) if entry.username.is_empty() => (user.to_owned(), password.to_owned()),
        _ => (entry.username, entry.password),
    };
    AuthConfig {
        username,
        password,
        auth: String::new(),
        server_address: registry,
        identity_token: entry.identitytoken,
        registry_token: entry.registrytoken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(image: &str, expect: &[&str]) {
        let config = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"aHViOnB3"},"ghcr.io":{"username":"gh","password":"x"},
            "ghcr.io/team":{"username":"team","password":"x"},"*.example.com":{"username":"star","password":"x"}}}"#;
        let secret = Secret {
            data: Some(BTreeMap::from([(DOCKER_JSON.to_owned(), k8s_openapi::ByteString(config.into()))])),
            ..Secret::default()
        };
        let users: Vec<String> = credentials(image, [&secret]).into_iter().map(|a| a.username).collect();
        assert_eq!(users, expect, "{image}");
    }

    #[test]
    fn the_closest_registry_comes_first() {
        check("nginx", &["hub"]);
        check("ghcr.io/team/app:1", &["team", "gh"]);
        check("ghcr.io/teams/app:1", &["gh"]);
        check("eu.example.com/app", &["star"]);
        check("a.b.example.com/app", &[]);
        check("quay.io/app", &[]);
    }
}
