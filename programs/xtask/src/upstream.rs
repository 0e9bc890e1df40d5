//! Asks a real kube-apiserver: through `kubectl proxy`, which knows the kubeconfig, TLS and credentials.

use crate::Failure;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// The Accept header that asks for a Table.
pub const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
pub const JSON: &str = "application/json";

pub struct Upstream {
    proxy: Child,
    address: String,
}

pub struct Answer {
    pub code: u16,
    /// The texts of its Warning headers.
    pub warnings: Vec<String>,
    pub body: Value,
}

impl Upstream {
    /// The cluster of `$KUBECONFIG`; `$KUBECTL` names another kubectl than the one in the path.
    pub fn connect() -> Result<Upstream, Failure> {
        let kubectl = std::env::var("KUBECTL").unwrap_or_else(|_| "kubectl".into());
        Upstream::through(&mut Command::new(kubectl))
    }

    /// The cluster that this kubectl knows.
    pub fn through(kubectl: &mut Command) -> Result<Upstream, Failure> {
        kubectl.args(["proxy", "--port=0", "--reject-paths=^$"]).stdout(Stdio::piped());
        let mut proxy = kubectl.spawn().map_err(Failure::io("kubectl proxy"))?;
        let mut line = String::new();
        let output = proxy.stdout.take().expect("the output was piped");
        BufReader::new(output).read_line(&mut line).map_err(Failure::io("kubectl proxy"))?;
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_string();
        Ok(Upstream { proxy, address })
    }

    /// Where its proxy listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.get_as(path, JSON)
    }

    pub fn get_as(&self, path: &str, accept: &str) -> Result<Value, Failure> {
        let answer = self.ask("GET", path, accept, None)?;
        match answer.code {
            200 => Ok(answer.body),
            code => Err(Failure::Unexpected(format!("GET {path}: {code}: {}", answer.body))),
        }
    }

    pub fn ask(&self, verb: &str, path: &str, accept: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        exchange(&self.address, verb, path, accept, body)
    }
}

/// A plain POST to another server, such as etcd's gateway.
pub fn post(server: &str, path: &str, body: &Value) -> Result<Value, Failure> {
    let address = server.trim_start_matches("http://");
    exchange(address, "POST", path, JSON, Some(body)).map(|answer| answer.body)
}

fn exchange(address: &str, verb: &str, path: &str, accept: &str, body: Option<&Value>) -> Result<Answer, Failure> {
    let what = format!("{verb} {path}");
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect(address).map_err(Failure::io(&what))?;
    // HTTP/1.0: the answer ends with the connection and comes in one piece.
    let request = format!(
        "{verb} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: {accept}\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).map_err(Failure::io(&what))?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(Failure::io(&what))?;
    parse_answer(&what, &text)
}

fn parse_answer(what: &str, text: &str) -> Result<Answer, Failure> {
    let broken = || Failure::Unexpected(format!("{what}: no HTTP answer"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    let warnings = head.lines().filter_map(|line| line.split_once("Warning: 299 - \""));
    let warnings = warnings.map(|(_, text)| text.trim_end_matches('"').to_string()).collect();
    Ok(Answer { code, warnings, body: serde_json::from_str(body).map_err(Failure::json(what))? })
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let ended = self.proxy.kill().and_then(|()| self.proxy.wait());
        if let Err(error) = ended {
            eprintln!("kubectl proxy: {error}");
        }
    }
}
