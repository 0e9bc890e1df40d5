//! A request carried to where it is answered, and its answer back; upgraded connections are joined byte by byte.

use super::respond::{self, Response};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// What came back: a connection that left HTTP, already joined to the client's, or an ordinary answer.
pub(super) enum Carried {
    Switched(Response),
    Answered(http::Response<Incoming>),
}

pub(super) async fn carry<S, B>(stream: S, request: Request<B>, client: OnUpgrade) -> Result<Carried, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let mut response = sender.send_request(request).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Carried::Answered(response));
    }
    let peer = hyper::upgrade::on(&mut response);
    tokio::spawn(join(client, peer));
    Ok(Carried::Switched(switched(&response)))
}

/// Both sides have left HTTP: what one says the other hears, until either is done.
async fn join(client: OnUpgrade, peer: OnUpgrade) {
    let (client, peer) = match tokio::try_join!(client, peer) {
        Ok(both) => both,
        Err(error) => return tracing::debug!(%error, "a connection was not upgraded"),
    };
    let (mut client, mut peer) = (TokioIo::new(client), TokioIo::new(peer));
    if let Err(error) = tokio::io::copy_bidirectional(&mut client, &mut peer).await {
        tracing::debug!(%error, "a carried connection ended");
    }
}

fn switched(response: &http::Response<Incoming>) -> Response {
    let mut answer = http::Response::new(respond::whole(Bytes::new()));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *answer.headers_mut() = response.headers().clone();
    answer
}

/// An ordinary answer as it comes, with those of its headers that `keeps` names.
pub(super) fn passed_on(response: http::Response<Incoming>, keeps: impl Fn(&http::HeaderName) -> bool) -> Response {
    passed_through(response, keeps, |data| data.unwrap_or_default())
}

/// The same, each part of its body changed; none comes after the last.
pub(super) fn passed_through(
    response: http::Response<Incoming>,
    keeps: impl Fn(&http::HeaderName) -> bool,
    change: impl FnMut(Option<Bytes>) -> Bytes + Send + 'static,
) -> Response {
    let (parts, body) = response.into_parts();
    let body = body.map_err(|error| tracing::debug!(%error, "a carried answer ended"));
    let frames = futures::stream::unfold((Some(body), change), |(body, mut change)| async move {
        let mut body = body?;
        match body.frame().await {
            Some(frame) => {
                let data = frame.ok()?.into_data().unwrap_or_default();
                Some((change(Some(data)), (Some(body), change)))
            }
            None => Some((change(None), (None, change))),
        }
    });
    let mut answer = http::Response::new(respond::streamed(frames));
    *answer.status_mut() = parts.status;
    for (name, value) in parts.headers.iter().filter(|(name, _)| keeps(name)) {
        answer.headers_mut().append(name, value.clone());
    }
    answer
}
