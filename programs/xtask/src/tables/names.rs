//! Short names of packages: `io.k8s.api.core.v1` is written `core.v1`.

const SPECIAL_REFERENCE: &str = "#/components/schemas/";

/// The package and the type's own name.
pub fn split(full: &str) -> (&str, &str) {
    full.rsplit_once('.').unwrap_or(("", full))
}

/// The last segment of a package that says what it is, with its version.
pub fn short(package: &str) -> String {
    let parts: Vec<&str> = package.split('.').collect();
    match parts[..] {
        [.., group, version] if is_version(version) => format!("{group}.{version}"),
        [.., last] => last.to_string(),
        [] => String::new(),
    }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// How a type is referred to from a file of `home`'s types.
pub fn reference(full: &str, home: &str) -> String {
    let (package, name) = split(full);
    if package == home { name.to_string() } else { format!("{}.{name}", short(package)) }
}

pub fn target(reference: &str) -> &str {
    reference.strip_prefix(SPECIAL_REFERENCE).unwrap_or(reference)
}
