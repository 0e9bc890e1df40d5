//! `/healthz`, `/livez`, `/readyz`: text, `?verbose`, `?exclude=`, and single checks.

use crate::engine::Api;
use crate::http::{Query, Response, respond};
use std::sync::atomic::{AtomicBool, Ordering};

/// What only readiness asks: whether the server's own objects stand, and whether it is leaving.
#[derive(Default)]
pub struct Health {
    pub started: AtomicBool,
    pub stopping: AtomicBool,
}

struct Check {
    name: &'static str,
    ready_only: bool,
}

/// Named as upstream's checks that mean the same.
const CHECKS: &[Check] = &[
    Check { name: "ping", ready_only: false },
    Check { name: "log", ready_only: false },
    Check { name: "etcd", ready_only: false },
    Check { name: "poststarthook/start-system-namespaces-controller", ready_only: true },
    Check { name: "poststarthook/rbac/bootstrap-roles", ready_only: true },
    Check { name: "shutdown", ready_only: true },
];

impl Health {
    pub async fn answer(&self, api: &Api, endpoint: &str, check: &[&str], query: &Query) -> Response {
        let asked = check.join("/");
        let ready = endpoint == "readyz";
        let checks = CHECKS.iter().filter(|check| ready || !check.ready_only);
        if !asked.is_empty() {
            return match checks.into_iter().find(|check| check.name == asked) {
                None => respond::text(404, "404 page not found\n"),
                Some(check) => match self.passes(api, check.name).await {
                    Ok(()) => respond::text(200, "ok"),
                    Err(why) => respond::text(500, format!("internal server error: {why}\n")),
                },
            };
        }
        let excluded = query.all("exclude");
        let (mut lines, mut failed) = (String::new(), Vec::new());
        for check in checks {
            if excluded.contains(&check.name) {
                lines.push_str(&format!("[+]{} excluded: ok\n", check.name));
                continue;
            }
            match self.passes(api, check.name).await {
                Ok(()) => lines.push_str(&format!("[+]{} ok\n", check.name)),
                Err(_) => {
                    lines.push_str(&format!("[-]{} failed: reason withheld\n", check.name));
                    failed.push(check.name);
                }
            }
        }
        match (failed.is_empty(), query.flag("verbose")) {
            (true, false) => respond::text(200, "ok"),
            (true, true) => respond::text(200, format!("{lines}{endpoint} check passed\n")),
            (false, _) => respond::text(500, format!("{lines}{endpoint} check failed\n")),
        }
    }

    async fn passes(&self, api: &Api, check: &str) -> Result<(), String> {
        let started = || match self.started.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err("not finished".to_string()),
        };
        match check {
            "etcd" => api.store.revision().await.map(drop).map_err(|error| error.to_string()),
            "shutdown" if self.stopping.load(Ordering::Acquire) => Err("process is shutting down".to_string()),
            "ping" | "log" | "shutdown" => Ok(()),
            _ => started(),
        }
    }
}
