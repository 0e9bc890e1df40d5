//! The handshake that turns a request into a wire: WebSocket or SPDY, and the protocol inside.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const SPDY: &str = "SPDY/3.1";
const STREAM_PROTOCOL: &str = "x-stream-protocol-version";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    Spdy,
}

/// What both sides have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub transport: Transport,
    pub protocol: &'static str,
    key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoUpgrade,
    NoProtocol,
}

/// `websocket` and `spdy` are what this side speaks, the best first.
pub fn negotiate(headers: &HeaderMap, websocket: &[&'static str], spdy: &[&'static str]) -> Result<Agreement, Refusal> {
    let upgrade = headers.get(header::UPGRADE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let agree = |name: &str, ours: &[&'static str]| {
        let theirs = words(headers, name);
        // A client that names none may be given the one that has no name.
        let named = |ours: &&str| theirs.iter().any(|t| t == ours) || (theirs.is_empty() && ours.is_empty());
        ours.iter().copied().find(named).ok_or(Refusal::NoProtocol)
    };
    if upgrade.eq_ignore_ascii_case("websocket") {
        let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(Refusal::NoUpgrade)?;
        let protocol = agree(header::SEC_WEBSOCKET_PROTOCOL.as_str(), websocket)?;
        return Ok(Agreement {
            transport: Transport::WebSocket,
            protocol,
            key: Some(derive_accept_key(key.as_bytes())),
        });
    }
    if upgrade.eq_ignore_ascii_case(SPDY) {
        return Ok(Agreement { transport: Transport::Spdy, protocol: agree(STREAM_PROTOCOL, spdy)?, key: None });
    }
    Err(Refusal::NoUpgrade)
}

fn words(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|word| word.trim().to_owned()).collect()
}

impl Agreement {
    /// The answer after which the wire is theirs and ours.
    pub fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        let protocol = HeaderValue::from_static(self.protocol);
        match self.transport {
            Transport::Spdy => {
                headers.insert(header::UPGRADE, HeaderValue::from_static(SPDY));
                headers.insert(STREAM_PROTOCOL, protocol);
            }
            Transport::WebSocket => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                if !protocol.is_empty() {
                    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
                }
                if let Some(key) = self.key.as_deref().and_then(|key| HeaderValue::try_from(key).ok()) {
                    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
                }
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&'static str, &'static str)], expect: Result<(Transport, &str), Refusal>) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let agreed = negotiate(&headers, &["v5", "v4"], &["v4"]);
        assert_eq!(agreed.map(|a| (a.transport, a.protocol)), expect, "{pairs:?}");
    }

    #[test]
    fn the_best_that_both_speak() {
        let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        check(&[("upgrade", "websocket"), key, ("sec-websocket-protocol", "v4, v5")], Ok((Transport::WebSocket, "v5")));
        check(&[("upgrade", "WebSocket"), key, ("sec-websocket-protocol", "v1")], Err(Refusal::NoProtocol));
        check(
            &[("upgrade", "SPDY/3.1"), (STREAM_PROTOCOL, "v5"), (STREAM_PROTOCOL, "v4")],
            Ok((Transport::Spdy, "v4")),
        );
        check(&[("upgrade", "websocket"), key], Err(Refusal::NoProtocol));
        check(&[("upgrade", "h2c")], Err(Refusal::NoUpgrade));
        check(&[], Err(Refusal::NoUpgrade));
    }
}
