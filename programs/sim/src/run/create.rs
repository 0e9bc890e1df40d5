//! How an administrator creates what the manifests ask for.

use super::RunError;
use crate::door::Door;
use client::{ApiClient, Request};
use meta::{Reason, Status, Value};
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(1);
/// How often is tried again what an absent server did not answer.
const TRIES: usize = 60;
/// What is refused may be allowed a moment later: a definition is served, a namespace gets its account.
const PATIENCE: usize = 10;

pub async fn all(admin: &Door, manifests: &[Value]) -> Result<(), RunError> {
    for manifest in manifests {
        let request = creation(admin, manifest).await.map_err(refused)?;
        insist(admin, request).await.map_err(refused)?;
    }
    Ok(())
}

fn refused(status: Status) -> RunError {
    if status.code < 500 { RunError::Manifest(Box::new(status)) } else { status.into() }
}

async fn creation(admin: &Door, manifest: &Value) -> Result<Request, Status> {
    let (version, kind) = (manifest.str("apiVersion"), manifest.str("kind"));
    for _ in 0..PATIENCE {
        if let Some(served) = admin.discover().await?.of_kind(version, kind) {
            let namespace = match manifest.str("metadata.namespace") {
                "" if served.namespaced => "default",
                other => other,
            };
            let resource = meta::Gvr { version: version_of(version).into(), ..served.resource.clone() };
            return Ok(Request::create(resource, namespace, manifest.clone()));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Status::bad_request(format!("no matches for kind {kind:?} in version {version:?}")))
}

fn version_of(api_version: &str) -> &str {
    api_version.rsplit('/').next().unwrap_or(api_version)
}

/// Asks until there is an answer that says something about the request.
async fn insist(admin: &Door, request: Request) -> Result<(), Status> {
    let mut last = Status::unavailable("nothing was asked");
    for tried in 0..TRIES {
        match admin.call(request.clone()).await {
            Ok(_) => return Ok(()),
            Err(status) if status.is(Reason::AlreadyExists) => return Ok(()),
            Err(status) if is_final(&status, tried) => return Err(status),
            Err(status) => last = status,
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(last)
}

fn is_final(refusal: &Status, tried: usize) -> bool {
    let may_pass = refusal.is(Reason::Forbidden) || refusal.is(Reason::NotFound);
    refusal.code < 500 && (!may_pass || tried >= PATIENCE)
}
