//! When a node was heard last, and what is said of one that has fallen silent.

use super::condition;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, NodeCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use plan::Moment;

const GRACE: SignedDuration = SignedDuration::from_secs(50);
/// For a node that has never said anything.
const STARTUP_GRACE: SignedDuration = SignedDuration::from_secs(60);

/// How long it may stay silent still; none once it has been silent for too long. What was not watched does not count
/// as silence.
pub(super) fn silent_in(node: &Node, lease: Option<&Lease>, moment: &Moment) -> Option<SignedDuration> {
    let ready = condition(node, "Ready");
    let grace = if ready.is_some() { GRACE } else { STARTUP_GRACE };
    let told = ready.and_then(|ready| ready.last_heartbeat_time.as_ref()).map(|time| time.0);
    let created = node.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let heard = [told, created, lease.and_then(renewed)].into_iter().flatten().max();
    let heard = heard.unwrap_or(moment.now).max(moment.awake_since);
    Some(grace - moment.now.duration_since(heard)).filter(|left| left.is_positive())
}

/// When the server took the lease's last renewal: its own clock, which a node's may differ from.
fn renewed(lease: &Lease) -> Option<Timestamp> {
    let taken =
        lease.metadata.managed_fields.iter().flatten().filter_map(|field| field.time.as_ref()).map(|time| time.0);
    let said = lease.spec.as_ref().and_then(|spec| spec.renew_time.as_ref()).map(|time| time.0);
    taken.max().or(said)
}

pub(super) fn silent(node: &Node, moment: &Moment) -> Node {
    let mut shown = node.clone();
    let conditions = shown.status.get_or_insert_default().conditions.get_or_insert_default();
    for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
        match conditions.iter_mut().find(|condition| condition.type_ == kind) {
            Some(condition) if condition.status != "Unknown" => {
                condition.status = "Unknown".into();
                condition.reason = Some("NodeStatusUnknown".into());
                condition.message = Some("Kubelet stopped posting node status.".into());
                condition.last_transition_time = Some(Time(moment.now));
            }
            Some(_) => {}
            None => conditions.push(NodeCondition {
                type_: kind.into(),
                status: "Unknown".into(),
                reason: Some("NodeStatusNeverUpdated".into()),
                message: Some("Kubelet never posted node status.".into()),
                last_heartbeat_time: node.metadata.creation_timestamp.clone(),
                last_transition_time: Some(Time(moment.now)),
            }),
        }
    }
    shown
}
