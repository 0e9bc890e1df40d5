//! All controllers, each with an identity of its own.

use super::api::ApiRole;
use crate::certificates::Authority;
use crate::signer::ClusterSigner;
use apiserver::identity::Identity;
use client::Caches;
use clock::Clock;
use controllers::csr_signing::Signer;
use controllers::{ALL, Settings};
use runner::{Runner, Running};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

pub struct ControllersRole {
    running: Vec<Running>,
}

impl ControllersRole {
    pub fn start(api: &ApiRole, clock: Arc<dyn Clock>) -> ControllersRole {
        let reader = Identity::new("system:kube-controller-manager", &[]);
        let caches = Caches::new(api.client(reader, "kube-controller-manager"), clock.clone());
        let runner = Runner::new(caches, clock);
        let settings =
            Settings { root_ca: api.authority.pem.clone(), signer: signer(&api.authority), ..Settings::default() };
        let start = |make: &controllers::Make| {
            let controller = make(&settings);
            let identity = Identity::service_account("kube-system", controller.identity());
            let client = api.client(identity, "kube-controller-manager");
            runner.start(controller, client)
        };
        ControllersRole { running: ALL.iter().map(start).collect() }
    }

    /// Lets every controller finish what it has begun, within reason: what waits for something else is left.
    pub async fn stop(self) {
        let all = futures::future::join_all(self.running.into_iter().map(Running::stop));
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("some controllers were stopped in the middle of their work");
        }
    }
}

/// A cluster whose authority cannot sign for others is a cluster all the same.
fn signer(authority: &Arc<Authority>) -> Option<Arc<dyn Signer>> {
    match ClusterSigner::of(authority.clone()) {
        Ok(signer) => Some(Arc::new(signer)),
        Err(error) => {
            tracing::error!(%error, "requests for certificates will not be signed");
            None
        }
    }
}
