//! Leadership by a Lease: one holder at a time, who must renew; everyone judges expiry by its own watch, never by the
//! times that another machine wrote.

use client::{Api, ApiClient};
use clock::Clock;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use meta::Status;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

#[derive(Clone, Copy, Debug)]
pub struct LeaseTimes {
    /// Others may take over after the holder has been silent for so long.
    pub duration: Duration,
    /// The holder gives up when it could not renew for so long; must be shorter than the duration.
    pub renew_deadline: Duration,
    pub retry: Duration,
}

impl Default for LeaseTimes {
    fn default() -> LeaseTimes {
        LeaseTimes {
            duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

pub struct Elector {
    leases: Api<Lease>,
    clock: Arc<dyn Clock>,
    name: String,
    identity: String,
    times: LeaseTimes,
    /// The lease as it was seen last, and when it was seen to change.
    observed: Option<(LeaseSpec, Instant)>,
}

impl Elector {
    pub fn new(
        client: Arc<dyn ApiClient>,
        clock: Arc<dyn Clock>,
        name: &str,
        identity: &str,
        times: LeaseTimes,
    ) -> Elector {
        let leases = Api::namespaced(client, "kube-system");
        Elector { leases, clock, name: name.into(), identity: identity.into(), times, observed: None }
    }

    /// Waits to become the leader, works until the work ends or leadership is lost, and says which.
    pub async fn lead<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        while !self.try_hold().await {
            sleep(self.jittered(self.times.retry)).await;
        }
        tokio::select! {
            biased;
            done = work => {
                self.release().await;
                Some(done)
            }
            () = self.keep() => None,
        }
    }

    /// Renews, and returns when that could not be done in time.
    async fn keep(&mut self) {
        let LeaseTimes { renew_deadline, retry, .. } = self.times;
        loop {
            let renewed = async {
                while !self.try_hold().await {
                    sleep(retry).await;
                }
            };
            if timeout(renew_deadline, renewed).await.is_err() {
                return;
            }
            sleep(retry).await;
        }
    }

    async fn try_hold(&mut self) -> bool {
        match self.take_or_renew().await {
            Ok(held) => held,
            Err(status) => {
                tracing::debug!(lease = self.name, %status, "a lease could not be held");
                false
            }
        }
    }

    async fn take_or_renew(&mut self) -> Result<bool, Status> {
        let now = MicroTime(self.clock.now());
        let Some(found) = self.leases.find(&self.name).await? else {
            let made = self.leases.create(&self.lease(self.fresh(&now, 0))).await?;
            self.observe(made.spec.clone().unwrap_or_default());
            return Ok(true);
        };
        let spec = found.spec.clone().unwrap_or_default();
        self.observe(spec.clone());
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if holder != self.identity && !holder.is_empty() && !self.has_expired(&spec) {
            return Ok(false);
        }
        let next = if holder == self.identity {
            LeaseSpec { renew_time: Some(now), ..spec }
        } else {
            self.fresh(&now, spec.lease_transitions.unwrap_or(0) + 1)
        };
        let updated = Lease { spec: Some(next.clone()), ..Lease::clone(&found) };
        self.leases.update(&self.name, &updated).await?;
        self.observe(next);
        Ok(true)
    }

    fn observe(&mut self, spec: LeaseSpec) {
        if self.observed.as_ref().is_none_or(|(seen, _)| *seen != spec) {
            self.observed = Some((spec, Instant::now()));
        }
    }

    fn has_expired(&self, spec: &LeaseSpec) -> bool {
        let duration =
            spec.lease_duration_seconds.map_or(self.times.duration, |s| Duration::from_secs(s.max(0) as u64));
        self.observed.as_ref().is_some_and(|(_, since)| since.elapsed() >= duration)
    }

    fn fresh(&self, now: &MicroTime, transitions: i32) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(self.times.duration.as_secs() as i32),
            acquire_time: Some(now.clone()),
            renew_time: Some(now.clone()),
            lease_transitions: Some(transitions),
            ..LeaseSpec::default()
        }
    }

    fn lease(&self, spec: LeaseSpec) -> Lease {
        let mut lease = Lease { spec: Some(spec), ..Lease::default() };
        lease.metadata.name = Some(self.name.clone());
        lease.metadata.namespace = Some("kube-system".into());
        lease
    }

    /// Lets the next one lead at once; failing to is no harm, the lease then expires.
    async fn release(&mut self) {
        let Ok(Some(found)) = self.leases.find(&self.name).await else { return };
        let spec = found.spec.clone().unwrap_or_default();
        if spec.holder_identity.as_deref() != Some(self.identity.as_str()) {
            return;
        }
        let now: Timestamp = self.clock.now();
        let released = LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            renew_time: Some(MicroTime(now)),
            ..spec
        };
        let lease = Lease { spec: Some(released), ..Lease::clone(&found) };
        if let Err(status) = self.leases.update(&self.name, &lease).await {
            tracing::debug!(lease = self.name, %status, "a lease could not be released");
        }
    }

    /// Up to 1.2 times longer, so that candidates do not meet again and again.
    fn jittered(&self, wait: Duration) -> Duration {
        wait + wait.mul_f64(1.2 * (self.clock.random() % 1024) as f64 / 1024.0)
    }
}

#[cfg(test)]
mod tests;
