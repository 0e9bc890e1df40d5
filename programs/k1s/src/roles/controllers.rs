//! All controllers, each with an identity of its own.

use super::api::ApiRole;
use apiserver::identity::Identity;
use client::Caches;
use clock::Clock;
use controllers::{ALL, Settings};
use runner::{Runner, Running};
use std::sync::Arc;

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

    /// Lets every controller finish what it has begun.
    pub async fn stop(self) {
        for running in self.running {
            running.stop().await;
        }
    }
}
