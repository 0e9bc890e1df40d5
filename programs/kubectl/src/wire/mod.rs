//! The door to the server: requests, answers, streams of lines, over the kube crate's client.

mod request;
mod stream;

pub use request::{Request, TABLE};
pub use stream::{Lines, Next};

use crate::config::{Config, client_config};
use crate::failure::Failure;
use crate::flags::Parsed;
use http::{HeaderMap, Response};
use kube::client::Body;
use meta::{Status, Value};
use std::cell::RefCell;
use std::time::Duration;

pub struct Door {
    runtime: tokio::runtime::Runtime,
    pub client: kube::Client,
    /// Where the server is: `https://127.0.0.1:6443`.
    pub server: String,
    timeout: Option<Duration>,
    /// Warnings of the server, each said once.
    warned: RefCell<Vec<String>>,
}

impl Door {
    pub fn open(config: &Config, flags: &Parsed) -> Result<Door, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (client, server) = runtime.block_on(async {
            let config = client_config(config, flags).await?;
            let server = config.cluster_url.to_string().trim_end_matches('/').to_string();
            let client = kube::Client::try_from(config).map_err(|why| Failure::text(why.to_string()))?;
            Ok::<_, Failure>((client, server))
        })?;
        let timeout = request_timeout(flags.text("request-timeout"))?;
        Ok(Door { runtime, client, server, timeout, warned: RefCell::default() })
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The decoded answer, or the server's refusal.
    pub fn call(&self, request: Request) -> Result<Value, Failure> {
        let bytes = self.bytes(request)?;
        meta::parse(&bytes).map_err(|why| Failure::text(why.to_string()))
    }

    pub fn bytes(&self, request: Request) -> Result<Vec<u8>, Failure> {
        let path = request.path.clone();
        let work = async {
            let answer = self.send(request).await?;
            let code = answer.status();
            let body = answer.into_body().collect_bytes().await.map_err(|why| self.broken(&why))?;
            if code.is_success() { Ok(body.to_vec()) } else { Err(refusal(code.as_u16(), &body, &path)) }
        };
        match self.timeout {
            None => self.runtime.block_on(work),
            Some(timeout) => self.runtime.block_on(async {
                let late = |_| Failure::Unreachable("context deadline exceeded".into());
                tokio::time::timeout(timeout, work).await.map_err(late)?
            }),
        }
    }

    /// An answer that comes line by line for as long as the server likes.
    pub fn lines(&self, request: Request) -> Result<Lines<'_>, Failure> {
        let path = request.path.clone();
        let answer = self.runtime.block_on(self.send(request))?;
        let code = answer.status();
        if !code.is_success() {
            let body = self.runtime.block_on(answer.into_body().collect_bytes()).map_err(|why| self.broken(&why))?;
            return Err(refusal(code.as_u16(), &body, &path));
        }
        Ok(Lines::new(self, answer.into_body()))
    }

    async fn send(&self, request: Request) -> Result<Response<Body>, Failure> {
        let request = request.into_http()?;
        let answer = self.client.send(request).await.map_err(|why| self.broken(&why))?;
        self.show_warnings(answer.headers());
        Ok(answer)
    }

    fn show_warnings(&self, headers: &HeaderMap) {
        for header in headers.get_all(http::header::WARNING) {
            let Some(text) = header.to_str().ok().and_then(warning_text) else { continue };
            if !self.warned.borrow().contains(&text) {
                eprintln!("Warning: {text}");
                self.warned.borrow_mut().push(text);
            }
        }
    }

    /// No answer at all.
    pub fn broken(&self, why: &(dyn std::error::Error + 'static)) -> Failure {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(why);
        let mut last = String::new();
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && io.kind() == std::io::ErrorKind::ConnectionRefused
            {
                return Failure::Refused(self.server.split("://").last().unwrap_or_default().to_string());
            }
            last = error.to_string();
            cause = error.source();
        }
        Failure::Unreachable(last)
    }
}

fn request_timeout(text: &str) -> Result<Option<Duration>, Failure> {
    let invalid = || {
        Failure::text(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time \
             unit (e.g. 1s | 2m | 3h)",
        )
    };
    let nanoseconds = match text.parse::<i64>() {
        Ok(seconds) => seconds * 1_000_000_000,
        Err(_) => crate::go::parse_duration(text).map_err(|_| invalid())?,
    };
    Ok(u64::try_from(nanoseconds).ok().filter(|nanoseconds| *nanoseconds > 0).map(Duration::from_nanos))
}

/// `299 - "text"`, with quotes and backslashes escaped inside.
fn warning_text(header: &str) -> Option<String> {
    let quoted = header.strip_prefix("299 ")?.split_once(' ')?.1.strip_prefix('"')?;
    let mut text = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            '"' => break,
            letter => text.push(letter),
        }
    }
    Some(text)
}

/// The status in a refusal's body; what is no status is put into one as upstream's client does.
pub fn refusal(code: u16, body: &[u8], path: &str) -> Failure {
    match serde_json::from_slice::<Status>(body) {
        Ok(status) if status.status == "Failure" => status.into(),
        _ => unworded(code, &String::from_utf8_lossy(body), path).into(),
    }
}

fn unworded(code: u16, body: &str, path: &str) -> Status {
    let (reason, message) = match code {
        401 => ("Unauthorized", "the server has asked for the client to provide credentials".to_string()),
        403 => ("Forbidden", format!("{} {path}", body.trim())),
        404 => ("NotFound", "the server could not find the requested resource".to_string()),
        405 => ("MethodNotAllowed", "the server does not allow this method on the requested resource".to_string()),
        500.. => (
            "InternalError",
            format!("an error on the server ({}) has prevented the request from succeeding", meta::quote(body.trim())),
        ),
        _ => ("", format!("the server responded with the status code {code} but did not return more information")),
    };
    Status { status: "Failure".into(), reason: reason.into(), message, code, ..Status::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_unquoted() {
        for (header, text) in [
            ("299 - \"unknown field \\\"a\\\"\"", Some("unknown field \"a\"")),
            ("299 k1s \"b\"", Some("b")),
            ("199 - \"c\"", None),
        ] {
            assert_eq!(warning_text(header).as_deref(), text);
        }
    }
}
