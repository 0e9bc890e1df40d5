//! A registry on the loopback: one image, and a password if wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Content type and body by path.
pub type Contents = BTreeMap<String, (String, Vec<u8>)>;

pub struct Registry {
    pub host: String,
}

impl Registry {
    /// Answers only with that `Authorization`, if one is given.
    pub async fn start(contents: Contents, authorization: Option<&'static str>) -> Registry {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let contents = Arc::new(contents);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, contents.clone(), authorization));
            }
        });
        Registry { host }
    }
}

async fn serve(stream: TcpStream, contents: Arc<Contents>, authorization: Option<&'static str>) {
    let mut stream = BufReader::new(stream);
    while let Some((path, given)) = read_request(&mut stream).await {
        let allowed = authorization.is_none_or(|wanted| given.as_deref() == Some(wanted));
        let answer = match contents.get(&path) {
            _ if !allowed => reply("401 Unauthorized\r\nWww-Authenticate: Basic realm=\"test\"", "text/plain", b"no"),
            None if path == "/v2/" => reply("200 OK", "application/json", b"{}"),
            None => reply("404 Not Found", "application/json", br#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#),
            Some((kind, body)) => reply("200 OK", kind, body),
        };
        if stream.get_mut().write_all(&answer).await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<(String, Option<String>)> {
    let (mut path, mut authorization) = (None, None);
    loop {
        let mut line = String::new();
        if stream.take(8192).read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Some((path?, authorization));
        }
        if path.is_none() {
            path = line.split(' ').nth(1).map(str::to_owned);
        } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("authorization: ") {
            authorization = Some(line[line.len() - value.len()..].to_owned());
        }
    }
}

fn reply(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
