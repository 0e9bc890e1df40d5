//! What a pod's status may say, and what it may not take back.

use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError, Value, names};

/// Ids of users and groups.
const MOST_ID: i64 = i32::MAX as i64;

pub fn judge(pod: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let (status, before) = (pod.at("status"), old.get("status"));
    generation(&status, out);
    for condition in status.at("conditions").items() {
        // Upstream writes the field's name as Go has it.
        let path = condition.path.field("Type");
        let kind = condition.at("type").str();
        out.extend(names::qualified_name(kind).into_iter().map(|why| FieldError::invalid(&path, kind, why)));
        generation(&condition, out);
    }
    let nominated = status.at("nominatedNodeName");
    if !nominated.str().is_empty() && nominated.str() != before.str("nominatedNodeName") {
        check::text(&nominated, names::dns_subdomain(nominated.str()), out);
    }
    check::immutable(&status.at("qosClass"), &Cursor::root(before.get("qosClass")), out);
    states(&status, before, old.get("spec"), out);
    claims(&status.at("resourceClaimStatuses"), pod.at("spec.resourceClaims").value, out);
    addresses(&status.at("podIPs"), out);
    addresses(&status.at("hostIPs"), out);
    let (host, first) = (status.at("hostIP").str(), status.at("hostIPs").items().next());
    if let Some(first) = first.map(|first| first.at("ip")).filter(|first| first.str() != host) {
        check::invalid(&first, "must be equal to `hostIP`", out);
    }
    for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
        status.at(list).items().for_each(|container| users(&container.at("user.linux"), out));
    }
}

fn generation(at: &Cursor<'_>, out: &mut ErrorList) {
    let observed = at.at("observedGeneration");
    if observed.int() < 0 {
        check::invalid(&observed, "must be a non-negative integer", out);
    }
}

/// A container that has ended for good does not live again.
fn states(status: &Cursor<'_>, before: &Value, spec: &Value, out: &mut ErrorList) {
    let policy = spec.str("restartPolicy");
    for (list, of, policy) in [
        ("containerStatuses", "containers", policy),
        ("initContainerStatuses", "initContainers", policy),
        ("ephemeralContainerStatuses", "", "Never"),
    ] {
        for ended in before.items(list).iter().filter(|known| !known.at("state.terminated").is_null()) {
            let name = ended.str("name");
            let container = spec.items(of).iter().find(|container| container.str("name") == name);
            let failed = ended.int("state.terminated.exitCode") != 0;
            if policy == "Always" || may_live_again(container, policy, failed) {
                continue;
            }
            let revived = status.at(list).items().find(|known| known.at("name").str() == name);
            let revived = revived.map(|known| known.at("state")).filter(|state| state.at("terminated").is_null());
            if let Some(state) = revived {
                check::forbidden(&state.path, "may not be transitioned to non-terminated state", out);
            }
        }
    }
}

/// By a policy of its own, or by the pod's.
fn may_live_again(container: Option<&Value>, policy: &str, failed: bool) -> bool {
    let own = container.map_or("", |container| container.str("restartPolicy"));
    let by_rules = container.is_some_and(|container| !container.items("restartPolicyRules").is_empty());
    let policy = if own.is_empty() { policy } else { own };
    by_rules || policy == "Always" || policy == "OnFailure" && failed
}

fn claims(statuses: &Cursor<'_>, claims: &Value, out: &mut ErrorList) {
    let known = |name: &str| claims.as_list().unwrap_or(&[]).iter().any(|claim| claim.str("name") == name);
    for status in statuses.items() {
        let (name, claim) = (status.at("name"), status.at("resourceClaimName"));
        if !known(name.str()) {
            check::invalid(&name, "must match the name of an entry in `spec.resourceClaims`", out);
        }
        if !claim.is_null() {
            check::text(&claim, names::dns_subdomain(claim.str()), out);
        }
    }
}

/// Each is an address, and none of a family has a second one beside it.
fn addresses(list: &Cursor<'_>, out: &mut ErrorList) {
    let mut families = Vec::new();
    for address in list.items() {
        let text = address.at("ip").str();
        match formats::lenient_ip(text) {
            Some(ip) => families.push(ip.is_ipv6()),
            None => out.extend(formats::ip(text).into_iter().map(|why| FieldError::invalid(&address.path, text, why))),
        }
    }
    let all_valid = families.len() == list.items().count();
    let again = families.iter().enumerate().any(|(place, family)| families[..place].contains(family));
    if all_valid && again {
        check::invalid(list, "may specify no more than one IP for each IP family", out);
    }
}

fn users(user: &Cursor<'_>, out: &mut ErrorList) {
    if user.is_null() {
        return;
    }
    check::range(&user.at("uid"), 0, MOST_ID, out);
    check::range(&user.at("gid"), 0, MOST_ID, out);
    user.at("supplementalGroups").items().for_each(|group| check::range(&group, 0, MOST_ID, out));
}
