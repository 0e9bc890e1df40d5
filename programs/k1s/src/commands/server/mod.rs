//! `k1s server`: the API server alone, on the embedded store or on etcd.

use super::{Entry, Failure, arguments, etcd, stopping};
use crate::roles::api::{ApiRole, Kept};
use clap::{ArgMatches, Command};
use clock::SystemClock;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    Command::new("server")
        .about("Run the API server on its embedded store or on etcd")
        .arg(arguments::data_dir())
        .arg(arguments::bind("127.0.0.1:6443"))
        .args(etcd::arguments())
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let (data_dir, bind) = (arguments::data_dir_of(matches)?, arguments::bind_of(matches)?);
    let kept = etcd::kept_of(matches)?;
    arguments::start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(kept, data_dir, bind))
}

async fn serve(kept: Kept, data_dir: &Path, bind: SocketAddr) -> Result<(), Failure> {
    let mut asked_to_stop = pin!(stopping::asked()?);
    let api = tokio::select! {
        api = ApiRole::start(kept, data_dir, bind, Arc::new(SystemClock)) => api?,
        () = &mut asked_to_stop => return Ok(()), // it may wait for an etcd that never comes
    };
    let kubeconfig = ApiRole::kubeconfig_path(data_dir);
    println!("k1s: the API is ready at {}; administrator's kubeconfig: {}", api.url(), kubeconfig.display());
    asked_to_stop.await;
    api.stop().await?;
    Ok(())
}
