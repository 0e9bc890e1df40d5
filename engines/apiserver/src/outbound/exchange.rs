//! One JSON document received, for one that was sent or asked for.

use super::peer::{Peer, Sender};
use crate::engine::Api;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use meta::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// Upstream reads no longer answer of a webhook either.
const LONGEST_ANSWER: usize = 3 << 20;

impl Peer {
    /// Posts a document and reads the one that comes back, within `patience`.
    pub async fn post(&self, api: &Api, body: Bytes, patience: Duration) -> Result<Value, String> {
        let path = with_timeout(&self.path, patience);
        let shown = format!("Post \"{}\"", with_timeout(&self.url(), patience));
        let posted = || {
            Request::post(&path)
                .header("content-type", "application/json")
                .header("accept", "application/json, */*")
                .header("user-agent", "kube-apiserver-admission")
                .body(Full::new(body.clone()))
        };
        let answered = self.exchange(api, posted, patience).await;
        let (code, text) = answered.map_err(|why| format!("{shown}: {why}"))?;
        if !code.is_success() {
            return Err(refusal(code, &text));
        }
        meta::parse(&text).map_err(|error| format!("could not decode the answer: {}", error.0))
    }

    /// Reads a document, with these headers.
    pub async fn get(
        &self,
        api: &Api,
        path: &str,
        headers: &HeaderMap,
        patience: Duration,
    ) -> Result<(StatusCode, Bytes), String> {
        let wanted = || {
            let mut request = Request::get(path).header("accept", "application/json");
            request.headers_mut().into_iter().for_each(|own| own.extend(headers.clone()));
            request.body(Full::default())
        };
        let answered = self.exchange(api, wanted, patience).await;
        answered.map_err(|why| format!("Get \"https://{}{path}\": {why}", self.host()))
    }

    async fn exchange(
        &self,
        api: &Api,
        make: impl Fn() -> http::Result<Request<Full<Bytes>>>,
        patience: Duration,
    ) -> Result<(StatusCode, Bytes), String> {
        let answered = tokio::time::timeout(patience, self.exchange_at_leisure(api, make)).await;
        answered.unwrap_or_else(|_| Err("context deadline exceeded".into()))
    }

    async fn exchange_at_leisure(
        &self,
        api: &Api,
        make: impl Fn() -> http::Result<Request<Full<Bytes>>>,
    ) -> Result<(StatusCode, Bytes), String> {
        let request = || make().map_err(|error| error.to_string());
        let addresses = self.addresses(api).await?;
        if let Some((address, sender)) = self.take(&addresses)
            && let Ok(answer) = self.send(address, sender, request()?).await
        {
            return Ok(answer);
        }
        // No kept connection, or one that the peer had given up meanwhile.
        let (address, sender) = self.connect(api, &addresses).await?;
        self.send(address, sender, request()?).await
    }

    async fn connect(&self, api: &Api, addresses: &[SocketAddr]) -> Result<(SocketAddr, Sender), String> {
        let (address, stream) = self.dial(api, addresses).await?;
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a kept connection ended");
            }
        });
        Ok((address, sender))
    }

    async fn send(
        &self,
        address: SocketAddr,
        mut sender: Sender,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), String> {
        let host = HeaderValue::from_str(&self.host()).map_err(|error| error.to_string())?;
        request.headers_mut().insert(HOST, host);
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let code = response.status();
        let whole = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let text = whole.map_err(|error| error.to_string())?.to_bytes();
        self.keep(address, sender);
        Ok((code, text))
    }
}

/// Whole seconds, rounded up, so that the peer knows how long it has.
fn with_timeout(path: &str, patience: Duration) -> String {
    let seconds = patience.as_secs() + u64::from(patience.subsec_nanos() > 0);
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}timeout={seconds}s")
}

fn refusal(code: StatusCode, text: &[u8]) -> String {
    let told = meta::parse(text).ok().map(|value| value.str("message").to_string()).filter(|told| !told.is_empty());
    told.unwrap_or_else(|| match code {
        StatusCode::NOT_FOUND => "the server could not find the requested resource".into(),
        code if code.is_server_error() => {
            format!(
                "an error on the server ({:?}) has prevented the request from succeeding",
                String::from_utf8_lossy(text)
            )
        }
        _ => "the server rejected our request for an unknown reason".into(),
    })
}
