//! Failures in a row put off the next pods: 10 seconds, doubled up to 10 minutes, from the last failure on.

use crate::pods;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use std::sync::Arc;

const FIRST: SignedDuration = SignedDuration::from_secs(10);
const LONGEST: SignedDuration = SignedDuration::from_secs(600);

/// How long nothing is created yet, by all pods that are still there: those that failed after the last success.
pub(super) fn wait<'a>(
    pods: impl Iterator<Item = &'a Arc<Pod>>,
    failed: impl Fn(&Pod) -> bool,
    now: Timestamp,
) -> SignedDuration {
    let mut last_success = Timestamp::MIN;
    let mut failures = Vec::new();
    for pod in pods {
        if pods::phase(pod) == "Succeeded" {
            last_success = last_success.max(finished_at(pod));
        } else if failed(pod) {
            failures.push(finished_at(pod));
        }
    }
    failures.retain(|failure| *failure > last_success);
    match failures.iter().max() {
        Some(last) => left(failures.len(), *last, now),
        None => SignedDuration::ZERO,
    }
}

/// The same for one index, whose failures its pod tells.
pub(super) fn wait_of_index(failures: i32, pod: &Pod, now: Timestamp) -> SignedDuration {
    left(usize::try_from(failures).unwrap_or(0) + 1, finished_at(pod), now)
}

fn left(failures: usize, last: Timestamp, now: Timestamp) -> SignedDuration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(10);
    let wait = (FIRST * 2_i32.pow(doublings)).min(LONGEST);
    (wait - now.duration_since(last)).max(SignedDuration::ZERO)
}

/// When a pod ended, as well as it tells.
pub(super) fn finished_at(pod: &Pod) -> Timestamp {
    let status = pod.status.as_ref();
    let containers = status.and_then(|status| status.container_statuses.as_deref()).and_then(last_end);
    let unready = pods::condition(pod, "Ready").filter(|ready| ready.status == "False");
    let unready = unready.and_then(|ready| ready.last_transition_time.as_ref()).map(|time| time.0);
    let deleted = pod.metadata.deletion_timestamp.as_ref().map(|time| {
        let grace = SignedDuration::from_secs(pod.metadata.deletion_grace_period_seconds.unwrap_or(0));
        time.0.saturating_sub(grace).unwrap_or(time.0)
    });
    let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    containers.or(unready).or(deleted).or(created).unwrap_or(Timestamp::MIN)
}

/// The last end, once all containers have ended.
fn last_end(statuses: &[ContainerStatus]) -> Option<Timestamp> {
    let end = |status: &ContainerStatus| Some(status.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref()?.0);
    statuses.iter().map(end).collect::<Option<Vec<_>>>()?.into_iter().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_minutes() {
        let now = Timestamp::UNIX_EPOCH;
        let seconds: Vec<i64> = [1, 2, 3, 7, 40].iter().map(|failures| left(*failures, now, now).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 600, 600]);
        let later = now + SignedDuration::from_secs(15);
        assert_eq!((left(2, now, later).as_secs(), left(1, now, later).as_secs()), (5, 0));
    }
}
