//! All controllers, each with an identity of its own.

use super::api::ApiRole;
use apiserver::identity::Identity;
use client::Caches;
use clock::Clock;
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
        let settings = Settings { root_ca: api.authority.pem.clone(), ..Settings::default() };
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
