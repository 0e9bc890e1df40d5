//! What a container asks to be done right after its start and right before its stop.

use crate::context::Context;
use crate::probes::http;
use cri::v1::ExecSyncRequest;
use k8s_openapi::api::core::v1::{Container, LifecycleHandler};
use std::fmt;
use std::time::Duration;

/// A hook over HTTP is not waited for longer.
const HTTP_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub enum HookError {
    Exec(cri::Error),
    ExitCode(i32, String),
    Http(http::HttpError),
    NoAddress,
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HookError::Exec(error) => error.fmt(f),
            HookError::ExitCode(code, output) => write!(f, "command exited with {code}: {output}"),
            HookError::Http(error) => error.fmt(f),
            HookError::NoAddress => f.write_str("the pod has no address"),
        }
    }
}

impl std::error::Error for HookError {}

pub async fn run(
    context: &Context,
    container: &Container,
    container_id: &str,
    handler: &LifecycleHandler,
    pod_ip: Option<&str>,
) -> Result<(), HookError> {
    if let Some(exec) = &handler.exec {
        return command(context, container_id, exec.command.clone().unwrap_or_default()).await;
    }
    if let Some(get) = &handler.http_get {
        let ip = pod_ip.ok_or(HookError::NoAddress)?;
        let target = http::Target::new(get, container, ip, "kube-lifecycle").map_err(HookError::Http)?;
        return http::get(&target, HTTP_TIMEOUT).await.map(drop).map_err(HookError::Http);
    }
    if let Some(sleep) = &handler.sleep {
        tokio::time::sleep(Duration::from_secs(u64::try_from(sleep.seconds).unwrap_or(0))).await;
    }
    Ok(())
}

async fn command(context: &Context, container_id: &str, cmd: Vec<String>) -> Result<(), HookError> {
    let request = ExecSyncRequest { container_id: container_id.into(), cmd, timeout: 0 };
    let answer = context.runtime.exec_sync(request).await.map_err(HookError::Exec)?;
    match answer.exit_code {
        0 => Ok(()),
        code => {
            let output = [answer.stdout.as_slice(), answer.stderr.as_slice()].concat();
            Err(HookError::ExitCode(code, String::from_utf8_lossy(&output).into_owned()))
        }
    }
}
