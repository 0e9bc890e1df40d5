//! The node's end of the control socket: images are listed, imported, pulled and removed while it runs.

use crate::control::{self, Archive, Image, Name, Refusal};
use bytes::Bytes;
use containers::Containers;
use containers::images::ImageRecord;
use cri::v1::{ImageSpec, ListContainersRequest, PullImageRequest, RemoveImageRequest};
use cri::{Images, Runtime};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{AbortHandle, JoinSet};

/// A request names an image or a file; archives themselves do not pass here.
const LARGEST_BODY: usize = 64 << 10;

pub struct ControlRole {
    socket: PathBuf,
    serving: AbortHandle,
}

impl ControlRole {
    pub fn start(data_dir: &Path, runtime: Arc<Containers>) -> io::Result<ControlRole> {
        let socket = control::socket(data_dir);
        let listener =
            listen(&socket).map_err(|why| io::Error::new(why.kind(), format!("{}: {why}", socket.display())))?;
        let serving = tokio::spawn(serve(listener, runtime)).abort_handle();
        Ok(ControlRole { socket, serving })
    }

    pub fn stop(self) {
        self.serving.abort();
        if let Err(error) = fs::remove_file(&self.socket) {
            tracing::warn!(socket = %self.socket.display(), %error, "the control socket stays");
        }
    }
}

/// What a killed k1s left is replaced: the caller holds the directory's lock.
fn listen(socket: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    fs::set_permissions(socket, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connections live no longer than the role: the set aborts what it holds.
async fn serve(listener: UnixListener, runtime: Arc<Containers>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(stream, runtime.clone()))),
                Err(error) => {
                    tracing::error!(%error, "the control socket is closed");
                    return;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: UnixStream, runtime: Arc<Containers>) {
    if let Err(error) = admit(&stream) {
        return tracing::warn!(%error, "a caller of the control socket was turned away");
    }
    let service = service_fn(|request| answer(&runtime, request));
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a caller of the control socket broke off");
    }
}

/// The mode of a socket does not bind those who came in before it was set; the kernel knows who they are.
fn admit(stream: &UnixStream) -> io::Result<()> {
    let caller = rustix::net::sockopt::socket_peercred(stream)?.uid;
    if caller.is_root() || caller == rustix::process::geteuid() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("user {} may not", caller.as_raw())))
}

struct Refused(StatusCode, String);

impl From<cri::Error> for Refused {
    fn from(why: cri::Error) -> Refused {
        let status = match why {
            cri::Error::NotFound(_) => StatusCode::NOT_FOUND,
            cri::Error::InvalidArgument(_) => StatusCode::BAD_REQUEST,
            cri::Error::FailedPrecondition(_) => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refused(status, why.to_string())
    }
}

async fn answer(runtime: &Arc<Containers>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match route(runtime, request).await {
        Ok(body) => (StatusCode::OK, body),
        Err(Refused(status, message)) => (status, json(&Refusal { message })),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn route(runtime: &Arc<Containers>, request: Request<Incoming>) -> Result<Bytes, Refused> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, control::IMAGES) => Ok(json(&list(runtime))),
        (&Method::POST, control::IMPORT) => Ok(json(&import(runtime, body::<Archive>(request).await?.path).await?)),
        (&Method::POST, control::PULL) => Ok(json(&pull(runtime, body::<Name>(request).await?.name).await?)),
        (&Method::DELETE, control::IMAGES) => Ok(json(&remove(runtime, named(request.uri().query())?).await?)),
        (method, path) => Err(Refused(StatusCode::NOT_FOUND, format!("there is no {method} {path}"))),
    }
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("plain structures become JSON").into()
}

async fn body<T: DeserializeOwned>(request: Request<Incoming>) -> Result<T, Refused> {
    let bad = |why: String| Refused(StatusCode::BAD_REQUEST, format!("the request cannot be read: {why}"));
    let bytes = Limited::new(request.into_body(), LARGEST_BODY).collect().await.map_err(|why| bad(why.to_string()))?;
    serde_json::from_slice(&bytes.to_bytes()).map_err(|why| bad(why.to_string()))
}

fn named(query: Option<&str>) -> Result<String, Refused> {
    let encoded = query.and_then(|query| query.split('&').find_map(|part| part.strip_prefix(control::NAME)));
    let name = encoded.and_then(|encoded| percent_decode_str(encoded).decode_utf8().ok());
    let name = name.ok_or_else(|| Refused(StatusCode::BAD_REQUEST, "the query names no image".into()))?;
    Ok(name.into_owned())
}

fn described(record: &ImageRecord) -> Image {
    Image {
        id: record.id.clone(),
        tags: record.tags.iter().cloned().collect(),
        digests: record.digests.iter().cloned().collect(),
        size: record.size,
    }
}

fn list(runtime: &Containers) -> Vec<Image> {
    runtime.image_store().list().iter().map(|record| described(record)).collect()
}

/// Known to the store, or a refusal that says so.
fn find(runtime: &Containers, name: &str) -> Result<Arc<ImageRecord>, Refused> {
    let found = runtime.image_store().find(name);
    found.ok_or_else(|| Refused(StatusCode::NOT_FOUND, format!("image {name:?} is not on this node")))
}

async fn import(runtime: &Containers, path: PathBuf) -> Result<Vec<Image>, Refused> {
    let store = runtime.image_store().clone();
    let imported = tokio::task::spawn_blocking(move || store.import(&path, None)).await;
    let images = imported.map_err(|why| Refused(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))?;
    let images = images.map_err(|why| Refused(StatusCode::UNPROCESSABLE_ENTITY, why.to_string()))?;
    Ok(images.iter().map(|record| described(record)).collect())
}

fn spec(image: String) -> Option<ImageSpec> {
    Some(ImageSpec { image, ..ImageSpec::default() })
}

async fn pull(runtime: &Containers, name: String) -> Result<Image, Refused> {
    let request = PullImageRequest { image: spec(name), ..PullImageRequest::default() };
    let id = runtime.pull_image(request).await?.image_ref;
    Ok(described(&*find(runtime, &id)?))
}

/// Not what containers need, and not what came with the program: `k1s demo` counts on it.
async fn remove(runtime: &Containers, name: String) -> Result<Image, Refused> {
    let record = find(runtime, &name)?;
    if record.pinned {
        return Err(Refused(StatusCode::CONFLICT, format!("image {name:?} is part of k1s and stays")));
    }
    let users = users(runtime, &record.id).await?;
    if !users.is_empty() {
        return Err(Refused(StatusCode::CONFLICT, format!("image {name:?} is in use by {}", users.join(", "))));
    }
    runtime.remove_image(RemoveImageRequest { image: spec(name) }).await?;
    Ok(described(&record))
}

/// The containers of an image, as a person knows them.
async fn users(runtime: &Containers, image: &str) -> Result<Vec<String>, Refused> {
    let containers = runtime.list_containers(ListContainersRequest::default()).await?.containers;
    let label = |container: &cri::v1::Container, name: &str| {
        container.labels.get(&format!("io.kubernetes.{name}")).cloned().unwrap_or_default()
    };
    let of = |container: &cri::v1::Container| {
        let [namespace, pod, name] = ["pod.namespace", "pod.name", "container.name"].map(|key| label(container, key));
        format!("container {name} of pod {namespace}/{pod}")
    };
    Ok(containers.iter().filter(|container| container.image_id == image).map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: Option<&str>, expect: Option<&str>) {
        assert_eq!(named(query).ok().as_deref(), expect, "{query:?}");
    }

    #[test]
    fn a_query_names_an_image() {
        check(Some("name=busybox"), Some("busybox"));
        check(Some("name=docker%2Eio%2Fk1s%2Fdemo%3Alatest"), Some("docker.io/k1s/demo:latest"));
        check(Some("force=1&name=a%26b"), Some("a&b"));
        check(Some("name=%FF"), None);
        check(Some("other=busybox"), None);
        check(None, None);
    }
}
