//! The kubelet's own port.

use crate::context::Context;
use crate::pods::dispatch::Roster;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinSet;

pub async fn start(_: &Arc<Context>, _: &Arc<Roster>, _: &mut JoinSet<()>) -> std::io::Result<Option<SocketAddr>> {
    Ok(None)
}
