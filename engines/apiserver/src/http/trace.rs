//! What every answer carries and what is noted of every request: its id, its outcome, its time.

use super::respond::Response;
use crate::metrics::Asked;
use clock::Clock;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::SignedDuration;

pub(super) const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
/// Upstream's bound on an id that a client brings along.
const LONGEST: usize = 64;

/// The client's id of the request where it has one, else a new one.
pub(super) fn id(headers: &HeaderMap, clock: &dyn Clock) -> String {
    let given = headers.get(AUDIT_ID).and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    given.map_or_else(|| clock.uuid(), |id| id.chars().take(LONGEST).collect())
}

pub(super) fn mark(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(AUDIT_ID, id);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache, private"));
}

pub(super) fn note(id: &str, path: &str, asked: &Asked, code: u16, took: SignedDuration) {
    let seconds = took.as_secs_f64();
    match code {
        500.. => tracing::warn!(audit_id = id, verb = asked.verb, path, code, seconds, "a request failed"),
        _ => tracing::debug!(audit_id = id, verb = asked.verb, path, code, seconds, "a request was answered"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::VirtualClock;

    #[tokio::test(start_paused = true)]
    async fn a_request_has_an_id() {
        let clock = VirtualClock::new(1);
        let with = |id: &str| HeaderMap::from_iter([(AUDIT_ID, HeaderValue::from_str(id).unwrap())]);
        assert_eq!(id(&with("abc"), &clock), "abc");
        assert_eq!(id(&with(&"x".repeat(100)), &clock).len(), LONGEST);
        assert_eq!(id(&HeaderMap::new(), &clock).len(), 36);
    }
}
