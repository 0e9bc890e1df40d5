//! Which headers go on, and what an answer's say once it has come through this server.

use super::links::{Links, through};
use crate::http::carry::{passed_on, passed_through};
use crate::http::respond::Response;
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION,
    UPGRADE,
};
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

pub(in crate::http) fn is_of_one_hop(name: &HeaderName) -> bool {
    OF_ONE_HOP.contains(&name.as_str())
}

pub(in crate::http) fn asks_upgrade(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONNECTION);
    let words = values.iter().filter_map(|value| value.to_str().ok());
    words.flat_map(|text| text.split(',')).any(|word| word.trim().eq_ignore_ascii_case("upgrade"))
}

fn has(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(word))
}

/// The client's credentials are this server's to know, not whom it proxies to. Pages are asked for uncompressed, for
/// their links are changed.
pub(in crate::http) fn forward(from: &HeaderMap, upgrades: bool, to: &mut HeaderMap) {
    let page = has(from, ACCEPT, "text/html");
    let goes_on = |name: &HeaderName| {
        let switching = upgrades && (*name == CONNECTION || *name == UPGRADE);
        let unpacked = page && *name == ACCEPT_ENCODING;
        switching || (!unpacked && !is_of_one_hop(name) && *name != AUTHORIZATION && *name != HOST)
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
    let comes_back = |name: &HeaderName| !is_of_one_hop(name) && !name.as_str().starts_with("access-control-");
    let mut answer = match is_page(response.headers()) {
        true => with_links(response, comes_back, Links::new(host, prefix)),
        false => passed_on(response, comes_back),
    };
    let moved = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    if let Some(Ok(moved)) =
        moved.and_then(|location| through(location, host, prefix)).map(|l| HeaderValue::from_str(&l))
    {
        answer.headers_mut().insert(LOCATION, moved);
    }
    answer
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|kind| kind.trim() == "text/html") && !headers.contains_key(CONTENT_ENCODING)
}

fn with_links(
    response: http::Response<Incoming>,
    comes_back: impl Fn(&HeaderName) -> bool,
    mut links: Links,
) -> Response {
    let change = move |data: Option<Bytes>| match data {
        Some(data) => links.feed(&data).into(),
        None => links.end().into(),
    };
    passed_through(response, |name| *name != CONTENT_LENGTH && comes_back(name), change)
}

#[cfg(test)]
mod tests {
    use super::*;

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
