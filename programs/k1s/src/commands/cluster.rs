//! The cluster of a data directory, as its administrator reaches it.

use super::Failure;
use crate::roles::api::ApiRole;
use crate::running;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use std::path::Path;

pub async fn config(data_dir: &Path) -> Result<Config, Failure> {
    let kubeconfig = Kubeconfig::read_from(ApiRole::kubeconfig_path(data_dir))?;
    Ok(Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?)
}

/// Fails where no k1s runs on the directory.
pub fn is_up(data_dir: &Path) -> Result<(), Failure> {
    match running::find(data_dir)? {
        Some(_) => Ok(()),
        None => Err(Failure::new(crate::control::not_running(data_dir))),
    }
}
