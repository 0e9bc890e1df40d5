//! The health service of gRPC, over plain HTTP/2.

use super::{Outcome, tcp};
use bytes::{BufMut, Bytes, BytesMut};
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::api::core::v1::GRPCAction;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

const LONGEST_ANSWER: usize = 4096;
const SERVING: u64 = 1;

pub async fn probe(action: &GRPCAction, pod_ip: &str, wait: Duration) -> Outcome {
    let Ok(port) = u16::try_from(action.port) else { return Outcome::Unknown("invalid port".into()) };
    let service = action.service.as_deref().unwrap_or_default();
    match timeout(wait, check(pod_ip, port, service)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Failure(format!("timeout: health rpc did not complete within {}s", wait.as_secs())),
    }
}

async fn check(host: &str, port: u16, service: &str) -> Outcome {
    let stream = match TcpStream::connect((host, port)).await {
        Ok(stream) => stream,
        Err(error) => {
            let why = tcp::reason(&error);
            return Outcome::Failure(format!("timeout: failed to connect service \"{host}:{port}\" within 1s: {why}"));
        }
    };
    match call(stream, host, port, service).await {
        Ok(Some(SERVING)) => Outcome::Success,
        Ok(Some(status)) => Outcome::Failure(format!("service unhealthy (responded with \"{}\")", word(status))),
        Ok(None) => Outcome::Failure("error: health rpc probe failed: empty answer".into()),
        Err(error) => Outcome::Failure(format!("error: health rpc probe failed: {error}")),
    }
}

fn word(status: u64) -> &'static str {
    match status {
        2 => "NOT_SERVING",
        3 => "SERVICE_UNKNOWN",
        _ => "UNKNOWN",
    }
}

/// The serving status; none when the answer holds none and so means the default.
async fn call(stream: TcpStream, host: &str, port: u16, service: &str) -> Result<Option<u64>, String> {
    let text = |error: hyper::Error| error.to_string();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(text)?;
    // Ends with the sender; what breaks it is told by the request.
    tokio::spawn(async move { connection.await.ok() });
    let request = Request::post(format!("http://{host}:{port}/grpc.health.v1.Health/Check"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .header(header::USER_AGENT, "kube-probe/1.35")
        .body(Full::new(message(service)))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(text)?;
    let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await.map_err(|e| e.to_string())?;
    let failed = body.trailers().and_then(|t| t.get("grpc-status")).is_some_and(|code| code != "0");
    if failed {
        let message = body.trailers().and_then(|t| t.get("grpc-message")).and_then(|m| m.to_str().ok());
        return Err(message.unwrap_or("the call failed").to_owned());
    }
    Ok(serving_status(&body.to_bytes()))
}

/// A length-prefixed `HealthCheckRequest { service }`.
fn message(service: &str) -> Bytes {
    let mut body = BytesMut::new();
    if !service.is_empty() {
        body.put_u8(0x0a);
        put_varint(&mut body, service.len() as u64);
        body.put_slice(service.as_bytes());
    }
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
    framed.put(body);
    framed.freeze()
}

fn put_varint(out: &mut BytesMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// Field 1 of a length-prefixed `HealthCheckResponse`.
fn serving_status(framed: &[u8]) -> Option<u64> {
    match framed.get(5..)? {
        [0x08, status, ..] => Some((*status).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        assert_eq!(&message("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(&message("ab")[..], [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        assert_eq!(serving_status(&[0, 0, 0, 0, 2, 8, 1]), Some(SERVING));
        assert_eq!(serving_status(&[0, 0, 0, 0, 0]), None);
    }
}
