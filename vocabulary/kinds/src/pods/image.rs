//! Names of images, as far as defaults need them.

/// How an image is pulled where nobody says: anew each time only for a tag that moves.
pub fn pull_policy(image: &str) -> &'static str {
    if tag(image) == Some("latest") { "Always" } else { "IfNotPresent" }
}

/// The tag; `latest` where there is neither tag nor digest; none for what is no image's name.
fn tag(image: &str) -> Option<&str> {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let (repository, tag) = match name[last..].rfind(':') {
        Some(colon) => (&name[..last + colon], Some(&name[last + colon + 1..])),
        None => (name, None),
    };
    if repository.len() > NAME_MOST || !is_repository(repository) || tag.is_some_and(|tag| !is_tag(tag)) {
        return None;
    }
    match (tag, digest) {
        (Some(tag), _) => Some(tag),
        (None, None) => Some("latest"),
        (None, Some(_)) => None,
    }
}

/// A longer name is none.
const NAME_MOST: usize = 255;

fn is_repository(name: &str) -> bool {
    let mut parts: Vec<&str> = name.split('/').collect();
    let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost" || part.chars().any(char::is_uppercase);
    if parts.len() > 1 && is_host(parts[0]) {
        parts.remove(0);
    }
    parts.iter().all(|part| is_component(part))
}

/// Lower case and digits, joined by dots, one or two underscores, or dashes.
fn is_component(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    matches!((bytes.first(), bytes.last()), (Some(&first), Some(&last)) if plain(first) && plain(last))
        && bytes.iter().all(|&b| plain(b) || b"._-".contains(&b))
        && !["..", "___", "._", "_.", "-.", ".-", "_-", "-_"].iter().any(|bad| part.contains(bad))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = tag.as_bytes();
    bytes.first().is_some_and(|&b| word(b))
        && bytes.len() <= 128
        && bytes.iter().all(|&b| word(b) || b".-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_moving_tags_are_pulled_each_time() {
        let digest = "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        for (image, policy) in [
            ("nginx".to_string(), "Always"),
            ("nginx:latest".into(), "Always"),
            ("nginx:1.27".into(), "IfNotPresent"),
            ("localhost:5000/a/b".into(), "Always"),
            ("registry.example.com:5000/a:1".into(), "IfNotPresent"),
            (format!("nginx{digest}"), "IfNotPresent"),
            (format!("nginx:latest{digest}"), "Always"),
            (String::new(), "IfNotPresent"),
            ("Nginx".into(), "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(&image), policy, "{image}");
        }
    }
}
