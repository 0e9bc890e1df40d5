//! `/exec`, `/attach`, `/portForward` and `/run`: live streams into containers.

use super::answer::{Answer, Body, Refusal, refuse, text};
use super::query::Query;
use super::{Site, container};
use crate::streaming::port_forward::{self, Sandbox};
use crate::streaming::remote_command::{self, Wanted};
use crate::streaming::upgrade::{self, Agreement, Transport, negotiate};
use bytes::Bytes;
use cri::v1::{AttachRequest, ExecRequest, ExecSyncRequest};
use cri::{Session, v1};
use futures::future::BoxFuture;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use podplan::spec::{long_name, uid};
use std::io;

/// A container by its pod's namespace and name, and its own.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub namespace: &'a str,
    pub pod: &'a str,
    pub container: &'a str,
}

fn wanted(query: &Query) -> Wanted {
    let tty = query.flag(&["tty"]);
    Wanted {
        stdin: query.flag(&["input", "stdin"]),
        stdout: query.flag(&["output", "stdout"]),
        stderr: query.flag(&["error", "stderr"]) && !tty,
        tty,
    }
}

/// The agreed answer; the wire is handed on once the answer is out.
pub fn hand_on<F>(agreement: &Agreement, upgrade: OnUpgrade, serve: F) -> Answer
where
    F: FnOnce(TokioIo<Upgraded>) -> BoxFuture<'static, io::Result<()>> + Send + 'static,
{
    tokio::spawn(async move {
        let served = match upgrade.await {
            Ok(wire) => serve(TokioIo::new(wire)).await,
            Err(error) => Err(io::Error::other(error)),
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a stream broke off");
        }
    });
    agreement.response().map(|body| Body::new(body.map_err(|never| match never {})))
}

pub fn agree(
    request: &Request<Incoming>,
    websocket: &[&'static str],
    spdy: &[&'static str],
) -> Result<Agreement, Refusal> {
    negotiate(request.headers(), websocket, spdy).map_err(|refusal| match refusal {
        upgrade::Refusal::NoUpgrade => {
            refuse(StatusCode::BAD_REQUEST, "unable to upgrade: missing upgrade headers in request")
        }
        upgrade::Refusal::NoProtocol => {
            refuse(StatusCode::FORBIDDEN, "unable to upgrade: unable to negotiate protocol")
        }
    })
}

fn refused(error: &cri::Error) -> Refusal {
    let status = if error.is_not_found() { StatusCode::NOT_FOUND } else { StatusCode::INTERNAL_SERVER_ERROR };
    refuse(status, error.to_string())
}

pub async fn exec(site: &Site, place: Place<'_>, query: &Query, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let (wanted, cmd) = (wanted(query), query.all("command"));
    let id = target(site, place, wanted)?;
    let agreement = remote_agreement(&request)?;
    let ask = ExecRequest {
        container_id: id,
        cmd,
        tty: wanted.tty,
        stdin: wanted.stdin,
        stdout: wanted.stdout,
        stderr: wanted.stderr,
    };
    let session = site.context.runtime.exec(ask).await.unwrap_or_else(stillborn);
    Ok(remote(&agreement, request, wanted, session))
}

pub async fn attach(
    site: &Site,
    place: Place<'_>,
    query: &Query,
    request: Request<Incoming>,
) -> Result<Answer, Refusal> {
    let wanted = wanted(query);
    let id = target(site, place, wanted)?;
    let agreement = remote_agreement(&request)?;
    let ask = AttachRequest {
        container_id: id,
        stdin: wanted.stdin,
        tty: wanted.tty,
        stdout: wanted.stdout,
        stderr: wanted.stderr,
    };
    let session = site.context.runtime.attach(ask).await.unwrap_or_else(stillborn);
    Ok(remote(&agreement, request, wanted, session))
}

/// What could not begin is told over the stream, like any other end.
fn stillborn(error: cri::Error) -> Session {
    let exit = Box::pin(std::future::ready(Err(error)));
    Session { stdin: None, stdout: None, stderr: None, resize: None, exit }
}

fn target(site: &Site, place: Place<'_>, wanted: Wanted) -> Result<String, Refusal> {
    if !wanted.stdin && !wanted.stdout && !wanted.stderr {
        return Err(refuse(StatusCode::BAD_REQUEST, "you must specify at least 1 of stdin, stdout, stderr"));
    }
    let pod = container::pod(site, place.namespace, place.pod)?;
    container::running(&pod, place.container)
}

fn remote_agreement(request: &Request<Incoming>) -> Result<Agreement, Refusal> {
    agree(request, &remote_command::WEBSOCKET_PROTOCOLS, &remote_command::SPDY_PROTOCOLS)
}

fn remote(agreement: &Agreement, mut request: Request<Incoming>, wanted: Wanted, session: Session) -> Answer {
    let (transport, protocol) = (agreement.transport, agreement.protocol);
    hand_on(agreement, hyper::upgrade::on(&mut request), move |wire| {
        Box::pin(remote_command::serve(wire, transport, protocol, wanted, session))
    })
}

pub async fn port_forward(
    site: &Site,
    namespace: &str,
    pod: &str,
    query: &Query,
    mut request: Request<Incoming>,
) -> Result<Answer, Refusal> {
    let pod = container::pod(site, namespace, pod)?;
    let sandbox = sandbox(site, &pod).await?;
    let agreement = agree(&request, &port_forward::WEBSOCKET_PROTOCOLS, &port_forward::SPDY_PROTOCOLS)?;
    let listed = query.all("ports").into_iter().chain(query.all("port"));
    let ports: Vec<u16> =
        listed.flat_map(|l| l.split(',').filter_map(|p| p.parse().ok()).collect::<Vec<_>>()).collect();
    let (transport, protocol) = (agreement.transport, agreement.protocol);
    Ok(hand_on(&agreement, hyper::upgrade::on(&mut request), move |wire| {
        Box::pin(async move {
            match transport {
                Transport::Spdy => port_forward::over_spdy(wire, sandbox).await,
                Transport::WebSocket if protocol == port_forward::TUNNELED => {
                    port_forward::over_tunnel(wire, sandbox).await
                }
                Transport::WebSocket => port_forward::over_channels(wire, sandbox, &ports).await,
            }
        })
    }))
}

async fn sandbox(site: &Site, pod: &Pod) -> Result<Sandbox, Refusal> {
    let runtime = &*site.context.runtime;
    let seen = crate::pods::observe::observe(runtime, uid(pod)).await.map_err(|error| refused(&error))?;
    let active = seen.active_sandbox().map(|s| s.id.clone());
    let id =
        active.ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("sandbox of pod {} not found", long_name(pod))))?;
    Ok(Sandbox { runtime: site.context.runtime.clone(), id, pod: long_name(pod) })
}

/// A command whose output is the whole answer.
pub async fn run(site: &Site, place: Place<'_>, query: &Query) -> Result<Answer, Refusal> {
    let pod = container::pod(site, place.namespace, place.pod)?;
    let container_id = container::running(&pod, place.container)?;
    let words = query.get("cmd").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let ask = ExecSyncRequest { container_id, cmd: words, timeout: 0 };
    let answer: v1::ExecSyncResponse = site.context.runtime.exec_sync(ask).await.map_err(|error| refused(&error))?;
    let output = [answer.stdout.as_slice(), answer.stderr.as_slice()].concat();
    match answer.exit_code {
        0 => Ok(text(StatusCode::OK, Bytes::from(output))),
        code => {
            let shown = String::from_utf8_lossy(&output);
            Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, format!("command terminated with exit code {code}: {shown}")))
        }
    }
}
