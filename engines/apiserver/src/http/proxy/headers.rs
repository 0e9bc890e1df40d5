//! Which headers go on, and what an answer's say once it has come through this server.

use crate::http::carry::passed_on;
use crate::http::respond::Response;
use http::header::{AUTHORIZATION, CONNECTION, HOST, LOCATION, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};
use hyper::body::Incoming;

/// They are between two neighbours, not between the ends.
const OF_ONE_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

pub(super) fn asks_upgrade(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONNECTION);
    let words = values.iter().filter_map(|value| value.to_str().ok());
    words.flat_map(|text| text.split(',')).any(|word| word.trim().eq_ignore_ascii_case("upgrade"))
}

/// The client's credentials are this server's to know, not whom it proxies to.
pub(super) fn forward(from: &HeaderMap, upgrades: bool, to: &mut HeaderMap) {
    let goes_on = |name: &HeaderName| {
        let switching = upgrades && (*name == CONNECTION || *name == UPGRADE);
        switching || (!OF_ONE_HOP.contains(&name.as_str()) && *name != AUTHORIZATION && *name != HOST)
    };
    for (name, value) in from.iter().filter(|(name, _)| goes_on(name)) {
        to.append(name, value.clone());
    }
}

/// How the client reached what is proxied.
pub(super) fn forwarded(from: &HeaderMap, path: &str, to: &mut HeaderMap) {
    if let Ok(path) = HeaderValue::from_str(path) {
        to.insert("x-forwarded-uri", path);
    }
    if let Some(host) = from.get(HOST) {
        to.insert("x-forwarded-host", host.clone());
    }
    to.insert("x-forwarded-proto", HeaderValue::from_static("https"));
}

pub(super) fn answered(response: http::Response<Incoming>, host: &str, prefix: &str) -> Response {
    let comes_back =
        |name: &HeaderName| !OF_ONE_HOP.contains(&name.as_str()) && !name.as_str().starts_with("access-control-");
    let mut answer = passed_on(response, comes_back);
    let moved = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    if let Some(Ok(moved)) =
        moved.and_then(|location| through(location, host, prefix)).map(|l| HeaderValue::from_str(&l))
    {
        answer.headers_mut().insert(LOCATION, moved);
    }
    answer
}

/// A redirect within what is proxied stays within the proxy; none where it leads elsewhere.
fn through(location: &str, host: &str, prefix: &str) -> Option<String> {
    let below = match location.split_once("://") {
        Some((_, rest)) => rest.strip_prefix(host).filter(|path| path.is_empty() || path.starts_with('/'))?,
        None if location.starts_with('/') => location,
        None => return None,
    };
    Some(format!("{prefix}{below}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_within_the_proxy() {
        for (location, expect) in [
            ("/x", Some("/p/proxy/x")),
            ("http://10.0.0.1:80/x", Some("/p/proxy/x")),
            ("http://10.0.0.1:8080/x", None),
            ("https://example.com/", None),
            ("x", None),
        ] {
            assert_eq!(through(location, "10.0.0.1:80", "/p/proxy").as_deref(), expect, "{location}");
        }
    }

    #[test]
    fn credentials_and_hops_stay_here() {
        let mut from = HeaderMap::new();
        for (name, value) in
            [("authorization", "Bearer x"), ("connection", "Upgrade"), ("upgrade", "w"), ("x-own", "1")]
        {
            from.insert(name, HeaderValue::from_static(value));
        }
        assert!(asks_upgrade(&from));
        for (upgrades, expect) in [(false, "x-own"), (true, "connection upgrade x-own")] {
            let mut to = HeaderMap::new();
            forward(&from, upgrades, &mut to);
            let mut names: Vec<&str> = to.keys().map(HeaderName::as_str).collect();
            names.sort_unstable();
            assert_eq!(names.join(" "), expect);
        }
    }
}
