//! Image names: short ones mean the public registry, as everybody writes them.

use oci_client::Reference;

use super::error::{ImageError, Result};

pub fn parse(name: &str) -> Result<Reference> {
    let invalid = || ImageError::Reference(name.to_owned());
    let reference: Reference = name.parse().map_err(|_| invalid())?;
    // The grammar of names has small letters only; registries refuse others later and less clearly.
    if reference.repository().bytes().any(|byte| byte.is_ascii_uppercase()) { Err(invalid()) } else { Ok(reference) }
}

/// `busybox` is `docker.io/library/busybox:latest`.
pub fn normalize(name: &str) -> Result<String> {
    let reference = parse(name)?;
    Ok(match (reference.tag(), reference.digest()) {
        (_, Some(digest)) => format!("{}@{digest}", repository(&reference)),
        (tag, None) => format!("{}:{}", repository(&reference), tag.unwrap_or("latest")),
    })
}

/// Registry and path, without tag or digest.
pub fn repository(reference: &Reference) -> String {
    format!("{}/{}", reference.registry(), reference.repository())
}

/// True for `sha256:HEX`, with or without the prefix, possibly shortened as tools print it.
pub fn is_image_id(name: &str) -> bool {
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    (12..=64).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expect: &str) {
        assert_eq!(normalize(name).ok().as_deref().unwrap_or("invalid"), expect, "{name}");
    }

    #[test]
    fn short_names_are_completed() {
        let digest = "a".repeat(64);
        check("busybox", "docker.io/library/busybox:latest");
        check("busybox:1.36", "docker.io/library/busybox:1.36");
        check("k1s/demo", "docker.io/k1s/demo:latest");
        check("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10");
        check("localhost:5000/a/b", "localhost:5000/a/b:latest");
        check("127.0.0.1:5000/a:1", "127.0.0.1:5000/a:1");
        check(&format!("ghcr.io/a/b@sha256:{digest}"), &format!("ghcr.io/a/b@sha256:{digest}"));
        check(&format!("ghcr.io/a/b:1@sha256:{digest}"), &format!("ghcr.io/a/b@sha256:{digest}"));
        check("", "invalid");
        check("UPPER/case", "invalid");
        check("a b", "invalid");
        check("../../etc", "invalid");
    }

    #[test]
    fn ids_are_told_from_names() {
        for (name, expect) in [
            ("sha256:0123456789ab", true),
            (&"f".repeat(64), true),
            ("busybox", false),
            ("deadbeef", false),
            (&"f".repeat(65), false),
        ] {
            assert_eq!(is_image_id(name), expect, "{name}");
        }
    }
}
