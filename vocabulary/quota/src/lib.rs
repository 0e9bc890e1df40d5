//! Pure: what an object takes from a ResourceQuota, and which quotas it takes from. Admission charges by it, the quota
//! controller recounts by it, so both always agree.

mod amounts;
mod claim;
mod compute;
mod pod;
mod scope;
mod service;

pub use amounts::{Amounts, exceeded, of_list, shown, sum, surplus, to_value};
pub use pod::missing as missing_in_pod;
pub use scope::matches;

use jiff::Timestamp;
use meta::quantity::Format;
use meta::{CompactString, Gvr, Quantity, Value};

/// Core kinds whose number has a name of its own besides `count/...`.
const ALIASES: [&str; 7] =
    ["pods", "services", "persistentvolumeclaims", "configmaps", "secrets", "replicationcontrollers", "resourcequotas"];

/// What an object takes of every resource that a quota may bound.
pub fn usage(resource: &Gvr, object: &Value, now: Timestamp) -> Amounts {
    let mut used = Amounts::from([(count_name(resource), one())]);
    if !resource.group.is_empty() {
        return used;
    }
    match resource.resource.as_str() {
        "pods" => used.extend(pod::usage(object, now)),
        "services" => used.extend(service::usage(object)),
        "persistentvolumeclaims" => used.extend(claim::usage(object)),
        name if ALIASES.contains(&name) => drop(used.insert(name.into(), one())),
        _ => {}
    }
    used
}

/// Whether nothing but their number is taken of the objects of this kind.
pub fn counts_only(resource: &Gvr) -> bool {
    !resource.group.is_empty() || !["pods", "services", "persistentvolumeclaims"].contains(&resource.resource.as_str())
}

/// Whether objects of a kind may take of what a quota bounds under this name.
pub fn tracks(resource: &Gvr, name: &str) -> bool {
    if name == count_name(resource) {
        return true;
    }
    let core = resource.group.is_empty();
    match resource.resource.as_str() {
        "pods" if core => pod::tracks(name),
        "services" if core => service::tracks(name),
        "persistentvolumeclaims" if core => claim::tracks(name),
        plural => core && name == plural && ALIASES.contains(&plural),
    }
}

/// `count/deployments.apps`
fn count_name(resource: &Gvr) -> CompactString {
    match resource.group.as_str() {
        "" => format!("count/{}", resource.resource),
        group => format!("count/{}.{group}", resource.resource),
    }
    .into()
}

fn one() -> Quantity {
    whole(1)
}

fn whole(number: i64) -> Quantity {
    Quantity::units(number, Format::DecimalSi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn names_are_tracked_by_the_kinds_that_use_them() {
        let (pods, sets) = (Gvr::new("", "v1", "pods"), Gvr::new("apps", "v1", "replicasets"));
        let (services, maps) = (Gvr::new("", "v1", "services"), Gvr::new("", "v1", "configmaps"));
        for (resource, name, expect) in [
            (&pods, "pods", true),
            (&pods, "requests.cpu", true),
            (&pods, "requests.example.com/dongle", true),
            (&pods, "count/pods", true),
            (&pods, "services", false),
            (&sets, "count/replicasets.apps", true),
            (&sets, "replicasets", false),
            (&services, "services.nodeports", true),
            (&maps, "configmaps", true),
            (&maps, "secrets", false),
        ] {
            assert_eq!(tracks(resource, name), expect, "{} {name}", resource.resource);
        }
    }

    #[test]
    fn objects_are_counted() {
        let text = |used: Amounts| shown(&used);
        let now = Timestamp::UNIX_EPOCH;
        let set = Gvr::new("apps", "v1", "replicasets");
        assert_eq!(text(usage(&set, &value!({}), now)), "count/replicasets.apps=1");
        let map = Gvr::new("", "v1", "configmaps");
        assert_eq!(text(usage(&map, &value!({}), now)), "configmaps=1,count/configmaps=1");
    }
}
