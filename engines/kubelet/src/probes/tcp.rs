//! A port that takes connections.

use super::{Outcome, ports};
use k8s_openapi::api::core::v1::{Container, TCPSocketAction};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

pub async fn probe(action: &TCPSocketAction, container: &Container, pod_ip: &str, wait: Duration) -> Outcome {
    let Some(port) = ports::resolve(&action.port, container) else {
        return Outcome::Unknown(format!("invalid port {:?}", action.port));
    };
    let host = action.host.as_deref().filter(|h| !h.is_empty()).unwrap_or(pod_ip);
    let shown = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    match timeout(wait, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Outcome::Success,
        Ok(Err(error)) => Outcome::Failure(format!("dial tcp {shown}: connect: {}", reason(&error))),
        Err(_) => Outcome::Failure(format!("dial tcp {shown}: i/o timeout")),
    }
}

/// In the words of the C library, as operators know them.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".into(),
        std::io::ErrorKind::HostUnreachable => "no route to host".into(),
        std::io::ErrorKind::NetworkUnreachable => "network is unreachable".into(),
        std::io::ErrorKind::ConnectionReset => "connection reset by peer".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_open_port_is_success_and_a_closed_one_failure() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = i32::from(listener.local_addr().unwrap().port());
        let action = TCPSocketAction { host: None, port: IntOrString::Int(port) };
        let container = Container::default();
        let ask = || probe(&action, &container, "127.0.0.1", Duration::from_secs(1));
        assert_eq!(ask().await, Outcome::Success);
        drop(listener);
        let expect = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
        assert_eq!(ask().await, Outcome::Failure(expect));
    }
}
