//! The control socket: what the command line and the running node say to each other, and the command line's end of it.
//! HTTP with JSON bodies over a Unix socket in the data directory, so that `curl --unix-socket` can speak it too.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;

pub const IMAGES: &str = "/images";
pub const IMPORT: &str = "/images/import";
pub const PULL: &str = "/images/pull";
/// The query that names an image.
pub const NAME: &str = "name=";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub id: String,
    pub tags: Vec<String>,
    pub digests: Vec<String>,
    pub size: u64,
}

/// An archive in a place that the node can open: both ends are on one machine, and the bytes need not travel.
#[derive(Serialize, Deserialize)]
pub struct Archive {
    pub path: PathBuf,
}

#[derive(Serialize, Deserialize)]
pub struct Name {
    pub name: String,
}

#[derive(Serialize, Deserialize)]
pub struct Refusal {
    pub message: String,
}

pub fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

pub fn not_running(data_dir: &Path) -> String {
    format!("k1s is not running on {0}; start it with `k1s up --data-dir {0}`", data_dir.display())
}

#[derive(Debug)]
pub enum ControlError {
    NotRunning(PathBuf),
    Connect(PathBuf, io::Error),
    Http(hyper::Error),
    /// What the node answers where it does not do what it was asked.
    Refused(String),
    Answer(serde_json::Error),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ControlError::NotRunning(data_dir) => f.write_str(&not_running(data_dir)),
            ControlError::Connect(socket, why) => write!(f, "{}: {why}", socket.display()),
            ControlError::Http(why) => write!(f, "the node broke off: {why}"),
            ControlError::Refused(why) => f.write_str(why),
            ControlError::Answer(why) => write!(f, "the node's answer makes no sense, is it of another version? {why}"),
        }
    }
}

impl std::error::Error for ControlError {}

impl From<hyper::Error> for ControlError {
    fn from(why: hyper::Error) -> ControlError {
        ControlError::Http(why)
    }
}

pub async fn images(data_dir: &Path) -> Result<Vec<Image>, ControlError> {
    ask(data_dir, Method::GET, IMAGES, &()).await
}

pub async fn import(data_dir: &Path, path: PathBuf) -> Result<Vec<Image>, ControlError> {
    ask(data_dir, Method::POST, IMPORT, &Archive { path }).await
}

pub async fn pull(data_dir: &Path, name: &str) -> Result<Image, ControlError> {
    ask(data_dir, Method::POST, PULL, &Name { name: name.into() }).await
}

pub async fn remove(data_dir: &Path, name: &str) -> Result<Image, ControlError> {
    let path = format!("{IMAGES}?{NAME}{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
    ask(data_dir, Method::DELETE, &path, &()).await
}

async fn ask<T: DeserializeOwned>(
    data_dir: &Path,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, ControlError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(connect(data_dir).await?)).await?;
    let exchange = async {
        let body = serde_json::to_vec(body).map_err(ControlError::Answer)?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        (*request.method_mut(), *request.uri_mut()) = (method, path.parse().expect("an encoded path"));
        request.headers_mut().insert("host", "k1s".parse().expect("a constant"));
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        drop(sender); // the connection ends with its only user
        read(status, &bytes)
    };
    let (connected, answer) = tokio::join!(connection, exchange);
    let answer = answer?;
    connected?;
    Ok(answer)
}

async fn connect(data_dir: &Path) -> Result<UnixStream, ControlError> {
    let path = socket(data_dir);
    UnixStream::connect(&path).await.map_err(|why| match why.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlError::NotRunning(data_dir.into()),
        _ => ControlError::Connect(path, why),
    })
}

fn read<T: DeserializeOwned>(status: StatusCode, bytes: &[u8]) -> Result<T, ControlError> {
    if status.is_success() {
        return serde_json::from_slice(bytes).map_err(ControlError::Answer);
    }
    let refusal: Refusal = serde_json::from_slice(bytes).map_err(ControlError::Answer)?;
    Err(ControlError::Refused(refusal.message))
}
