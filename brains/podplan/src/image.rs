//! Names of images, and what to do about one before a container is made of it.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName {
    name: String,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = if self.name.to_lowercase() != self.name {
            "repository name must be lowercase"
        } else {
            "invalid reference format"
        };
        write!(f, "couldn't parse image name \"{}\": {why}", self.name)
    }
}

impl std::error::Error for InvalidName {}

/// The name with `:latest` where it has neither tag nor digest.
pub fn with_default_tag(name: &str) -> Result<String, InvalidName> {
    let invalid = || InvalidName { name: name.into() };
    let (rest, digest) = match name.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (name, None),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (repository, tag) = match rest[slash..].find(':') {
        Some(colon) => (&rest[..slash + colon], Some(&rest[slash + colon + 1..])),
        None => (rest, None),
    };
    let valid = is_repository(repository) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    match (valid, tag, digest) {
        (false, _, _) => Err(invalid()),
        (true, None, None) => Ok(format!("{name}:latest")),
        (true, _, _) => Ok(name.into()),
    }
}

fn is_repository(repository: &str) -> bool {
    let mut parts = repository.split('/').peekable();
    let first = parts.peek().copied().unwrap_or_default();
    let names_host = repository.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    if names_host {
        parts.next();
    }
    (!names_host || is_host(first)) && parts.all(is_component)
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "0"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
    !name.is_empty() && name.chars().all(plain) && !port.is_empty() && port.chars().all(|c| c.is_ascii_digit())
}

/// Lower-case words, joined by a dot, one or two underscores, or dashes.
fn is_component(component: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bounded = component.starts_with(word) && component.ends_with(word);
    let separators = component.split(word).filter(|s| !s.is_empty());
    let mut joined = separators.map(|s| matches!(s, "." | "_" | "__") || s.chars().all(|c| c == '-'));
    bounded && joined.all(|ok| ok)
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&tag.len()) && tag.starts_with(word) && tag.chars().all(|c| word(c) || matches!(c, '.' | '-'))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit())
    })
}

/// The policy of a container that has none: new where the tag moves.
pub fn default_policy(image: &str) -> &'static str {
    match with_default_tag(image) {
        Ok(name) if name.ends_with(":latest") => "Always",
        _ => "IfNotPresent",
    }
}

/// The registry and path of a name, as pull secrets are matched against it.
pub fn registry_path(name: &str) -> String {
    let bare = name.split('@').next().unwrap_or(name);
    let slash = bare.rfind('/').map_or(0, |at| at + 1);
    let bare = bare[slash..].find(':').map_or(bare, |colon| &bare[..slash + colon]);
    let first = bare.split('/').next().unwrap_or_default();
    match () {
        () if !bare.contains('/') => format!("docker.io/library/{bare}"),
        () if first.contains(['.', ':']) || first == "localhost" => bare.into(),
        () => format!("docker.io/{bare}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expect: &str) {
        let text = with_default_tag(name).unwrap_or_else(|error| error.to_string());
        assert_eq!(text, expect);
    }

    #[test]
    fn names() {
        check("nginx", "nginx:latest");
        check("nginx:1.2", "nginx:1.2");
        check("host:5000/a/b", "host:5000/a/b:latest");
        check("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10");
        let digest = "a".repeat(64);
        check(&format!("a@sha256:{digest}"), &format!("a@sha256:{digest}"));
        check("FOO", "couldn't parse image name \"FOO\": repository name must be lowercase");
        check("foo bar", "couldn't parse image name \"foo bar\": invalid reference format");
        check("a:", "couldn't parse image name \"a:\": invalid reference format");
        check("a@x", "couldn't parse image name \"a@x\": invalid reference format");
        check("a..b", "couldn't parse image name \"a..b\": invalid reference format");
        check("", "couldn't parse image name \"\": invalid reference format");
    }

    #[test]
    fn registries() {
        assert_eq!(registry_path("nginx:1"), "docker.io/library/nginx");
        assert_eq!(registry_path("me/app"), "docker.io/me/app");
        assert_eq!(registry_path("ghcr.io/a/b:c"), "ghcr.io/a/b");
    }
}
