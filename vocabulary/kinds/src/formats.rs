//! Forms of texts that validation asks for, each with upstream's complaints.

use std::net::IpAddr;

fn regex(words: &str, pattern: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}'")).collect();
    format!("{words} (e.g. {}, regex used for validation is '{pattern}')", examples.join(",  or "))
}

fn when(bad: bool, complaint: impl Into<String>) -> Option<String> {
    bad.then(|| complaint.into())
}

/// A port's name, as IANA registers services.
pub fn port_name(text: &str) -> Vec<String> {
    let lower = |b: u8| b.is_ascii_lowercase();
    let charset = !text.is_empty() && text.bytes().all(|b| lower(b) || b.is_ascii_digit() || b == b'-');
    [
        when(text.len() > 15, "must be no more than 15 characters"),
        when(!charset, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        when(!text.bytes().any(lower), "must contain at least one letter (a-z)"),
        when(text.contains("--"), "must not contain consecutive hyphens"),
        when(text.starts_with('-') || text.ends_with('-'), "must not begin or end with a hyphen"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An environment variable's name: nearly anything that prints.
pub fn env_name(text: &str) -> Vec<String> {
    let printable = |c: char| (' '..='~').contains(&c) && c != '=';
    [
        when(text.is_empty(), "environment variable name must be non-empty"),
        when(
            !text.chars().all(printable),
            "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A key of a ConfigMap or a Secret: it may become a file's name.
pub fn config_key(text: &str) -> Vec<String> {
    let charset = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    let backsteps = match text {
        "." => Some("must not be '.'".to_string()),
        ".." => Some("must not be '..'".to_string()),
        _ => when(text.starts_with(".."), "must not start with '..'"),
    };
    [
        when(text.len() > 253, "must be no more than 253 characters"),
        when(!charset, regex(words, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"])),
        backsteps,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A domain to search in: an underscore is as good as a letter here.
pub fn dns_search(text: &str) -> Vec<String> {
    if meta::names::dns_subdomain(&text.replace('_', "a")).is_empty() {
        return Vec::new();
    }
    let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
    let pattern = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
    vec![regex(words, pattern, &["example.com"])]
}

pub fn http_header(text: &str) -> Vec<String> {
    let charset = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let words = "a valid HTTP header must consist of alphanumeric characters or '-'";
    when(!charset, regex(words, "[-A-Za-z0-9]+", &["X-Header-Name"])).into_iter().collect()
}

pub fn ip(text: &str) -> Vec<String> {
    let complaint = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    when(text.parse::<IpAddr>().is_err(), complaint).into_iter().collect()
}

/// Of a field that has always taken zeros before the numbers of an address.
pub fn old_ip(text: &str) -> Vec<String> {
    lenient_ip(text).map_or_else(|| ip(text), |_| Vec::new())
}

pub fn lenient_ip(text: &str) -> Option<IpAddr> {
    let number = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_string(),
        rest => rest.to_string(),
    };
    let plain = || text.split('.').map(number).collect::<Vec<_>>().join(".");
    text.parse().or_else(|_| plain().parse()).ok()
}

/// An address under which something else can be reached.
pub fn reachable_ip(text: &str) -> Vec<String> {
    let Ok(ip) = text.parse::<IpAddr>() else { return Vec::new() };
    let (link_local, link_multicast) = match ip {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(v6) => (v6.segments()[0] & 0xffc0 == 0xfe80, v6.segments()[0] & 0xff0f == 0xff02),
    };
    [
        when(ip.is_unspecified(), format!("may not be unspecified ({ip})")),
        when(ip.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        when(link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        when(link_multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub fn cidr(text: &str) -> Vec<String> {
    let complaint = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    when(!is_cidr(text), complaint).into_iter().collect()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.bytes().all(|b| b.is_ascii_digit()) && length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// A path below some folder: relative, and never upwards.
pub fn local_path(text: &str) -> Vec<String> {
    let mut complaints = descending_path(text);
    if text.starts_with("..") && !text.starts_with("../") && text != ".." {
        complaints.push("must not start with '..'".into());
    }
    complaints
}

pub fn descending_path(text: &str) -> Vec<String> {
    let mut complaints: Vec<String> = when(text.starts_with('/'), "must be a relative path").into_iter().collect();
    complaints.extend(no_backsteps(text));
    complaints
}

pub fn no_backsteps(text: &str) -> Vec<String> {
    when(text.split('/').any(|part| part == ".."), "must not contain '..'").into_iter().collect()
}

/// A name where one is given; an empty text is something else than nothing.
pub fn dns_subdomain_unless_empty(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { meta::names::dns_subdomain(text) }
}

/// A path below a domain, such as a controller's name.
pub fn domain_path(text: &str) -> Vec<String> {
    match text.split_once('/') {
        Some((domain, path)) if !domain.is_empty() && !path.is_empty() => meta::names::dns_subdomain(domain),
        _ => vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".into()],
    }
}

pub fn c_identifier(text: &str) -> Vec<String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let good = text.bytes().all(word) && text.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    let words = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
    when(!good, regex(words, "[A-Za-z_][A-Za-z0-9_]*", &["my_name", "MY_NAME", "MyName"])).into_iter().collect()
}

/// `1.2.3-pre.1+build.5`, as semver.org has it.
pub fn is_semantic_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let identifier = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unpadded = |part: &str| !is_number(part) || part == "0" || !part.starts_with('0');
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3
        && numbers.iter().all(|part| is_number(part) && unpadded(part))
        && pre.is_none_or(|pre| pre.split('.').all(|part| identifier(part) && unpadded(part)))
        && build.is_none_or(|build| build.split('.').all(identifier))
}

/// A name that upstream judges by a declared format, which counts bytes.
pub fn declared_subdomain(name: &str) -> Vec<String> {
    let complaints = meta::names::dns_subdomain(name).into_iter();
    complaints
        .map(|why| if why.starts_with("must be no more") { why.replace("characters", "bytes") } else { why })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semantic_versions() {
        for (text, good) in [
            ("1.2.3", true),
            ("1.2.3-rc.1+b.01", true),
            ("0.0.0", true),
            ("1.2", false),
            ("01.2.3", false),
            ("1.2.3-01", false),
            ("1.2.3-", false),
            ("1.2.3+", false),
        ] {
            assert_eq!(is_semantic_version(text), good, "{text}");
        }
    }

    #[test]
    fn forms_are_judged() {
        type Form = fn(&str) -> Vec<String>;
        let cases: &[(Form, &str, usize)] = &[
            (port_name, "http", 0),
            (port_name, "", 2),
            (port_name, "8080", 1),
            (port_name, "-a--b-", 2),
            (env_name, "a.b c", 0),
            (env_name, "a=b", 1),
            (env_name, "", 1),
            (config_key, "a.b-C_1", 0),
            (config_key, "a/b", 1),
            (config_key, "..a", 1),
            (config_key, "..", 1),
            (ip, "10.0.0.1", 0),
            (ip, "::1", 0),
            (ip, "10.0.0.01", 1),
            (cidr, "10.0.0.0/8", 0),
            (cidr, "10.0.0.0/33", 1),
            (c_identifier, "my_name1", 0),
            (c_identifier, "1a", 1),
            (c_identifier, "", 1),
            (local_path, "a/b", 0),
            (local_path, "/a/../b", 2),
            (local_path, "..a", 1),
        ];
        for (rule, text, complaints) in cases {
            assert_eq!(rule(text).len(), *complaints, "{text:?}: {:?}", rule(text));
        }
    }
}
