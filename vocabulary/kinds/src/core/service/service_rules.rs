//! What a service's fields must satisfy together.

use super::claims::needs_health_port;
use super::service_defaults::externally_accessible;
use crate::{check, formats, metadata};
use meta::{Cursor, ErrorList, FieldError, Value, names, value};

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
/// A day, in seconds.
const AFFINITY_MOST: i64 = 86400;

pub fn judge(spec: &Cursor<'_>, out: &mut ErrorList) {
    let kind = spec.at("type");
    check::required_one_of(&kind, TYPES, out);
    let headless = spec.value.items("clusterIPs").first().and_then(Value::as_str) == Some("None");
    if spec.at("ports").items().next().is_none() && !headless && kind.str() != "ExternalName" {
        out.push(FieldError::required(&spec.at("ports").path, ""));
    }
    match kind.str() {
        word @ ("LoadBalancer" | "NodePort") if headless => {
            let path = spec.at("clusterIPs").path.index(0);
            out.push(FieldError::invalid(&path, "None", format!("may not be set to 'None' for {word} services")));
        }
        "ExternalName" => external(spec, out),
        _ => {
            let mut wrong = ErrorList::default();
            addresses(spec, headless, &mut wrong);
            if !wrong.is_empty() {
                // Addresses are given out before a service is judged, and nothing else is said of what cannot be.
                *out = wrong;
                return;
            }
            on_this_cluster(spec, headless, out);
        }
    }
    metadata::labels(&spec.at("selector"), out);
    affinity(spec, out);
    for ip in spec.at("externalIPs").items() {
        let complaints = formats::ip(ip.str());
        let complaints = if complaints.is_empty() { formats::reachable_ip(ip.str()) } else { complaints };
        check::text(&ip, complaints, out);
    }
    balancer(spec, out);
    traffic(spec, out);
}

fn external(spec: &Cursor<'_>, out: &mut ErrorList) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !spec.at(field).value.is_empty() {
            check::forbidden(&spec.at(field).path, "may not be set for ExternalName services", out);
        }
    }
    let name = spec.at("externalName");
    let bare = name.str().strip_suffix('.').unwrap_or(name.str());
    match bare.is_empty() {
        true => out.push(FieldError::required(&name.path, "")),
        false => {
            out.extend(names::dns_subdomain(bare).into_iter().map(|why| FieldError::invalid(&name.path, bare, why)))
        }
    }
}

fn addresses(spec: &Cursor<'_>, headless: bool, out: &mut ErrorList) {
    let (one, list) = (spec.at("clusterIP"), spec.at("clusterIPs"));
    let first = list.value.as_list().and_then(|list| list.first()).and_then(Value::as_str);
    match (one.str(), first) {
        ("", Some(_)) => check::invalid(&list, "must be empty when `clusterIP` is not specified", out),
        ("", None) => {}
        (_, None) => out.push(FieldError::required(&list.path, "")),
        (one, Some(first)) if one != first => check::invalid(&list, "first value must match `clusterIP`", out),
        _ => {}
    }
    let given: Vec<Cursor<'_>> = list.items().collect();
    if headless && given.len() > 1 {
        check::invalid(&list, "'None' must be the first and only value", out);
    }
    let stated = given.iter().skip(usize::from(headless));
    stated.for_each(|ip| check::text(ip, formats::ip(ip.str()), out));
    if given.len() > 2 {
        check::invalid(&list, "may only hold up to 2 values", out);
    }
    let six = given.iter().filter(|ip| ip.str().contains(':')).count();
    if given.len() == 2 && six != 1 && !headless {
        check::invalid(&list, "may specify no more than one IP for each IP family", out);
    }
    families(spec, &given, headless, out);
}

fn families(spec: &Cursor<'_>, addresses: &[Cursor<'_>], headless: bool, out: &mut ErrorList) {
    let families: Vec<Cursor<'_>> = spec.at("ipFamilies").items().collect();
    for (index, family) in families.iter().enumerate() {
        check::one_of(family, &["IPv4", "IPv6"], out);
        if families[..index].iter().any(|known| known.value == family.value) {
            out.push(FieldError::duplicate(&family.path, family.str()));
        }
        let address = addresses.get(index).filter(|ip| !headless && formats::ip(ip.str()).is_empty());
        if let Some(address) = address.filter(|ip| ip.str().contains(':') != (family.str() == "IPv6")) {
            let why = format!("expected an {} value as indicated by `ipFamilies[{index}]`", family.str());
            check::invalid(address, why, out);
        }
    }
    let policy = spec.at("ipFamilyPolicy");
    check::one_of(&policy, &["PreferDualStack", "RequireDualStack", "SingleStack"], out);
}

/// What the cluster has no addresses for, once the wish itself is sound.
fn on_this_cluster(spec: &Cursor<'_>, headless: bool, out: &mut ErrorList) {
    let policy = spec.at("ipFamilyPolicy");
    if policy.str() == "SingleStack" {
        for (list, what) in [("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")] {
            if spec.value.items(list).len() == 2 {
                let why = format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
                check::invalid(&policy, why, out);
            }
        }
    }
    let selectorless = spec.value.fields("selector").next().is_none();
    if !out.is_empty() || (headless && selectorless) {
        return;
    }
    if policy.str() == "RequireDualStack" {
        check::invalid(&policy, "this cluster is not configured for dual-stack services", out);
    }
    for family in spec.at("ipFamilies").items().filter(|family| family.str() == "IPv6") {
        check::invalid(&family, "not configured on this cluster", out);
    }
}

fn affinity(spec: &Cursor<'_>, out: &mut ErrorList) {
    let (affinity, config) = (spec.at("sessionAffinity"), spec.at("sessionAffinityConfig"));
    check::required_one_of(&affinity, &["ClientIP", "None"], out);
    let seconds = config.at("clientIP.timeoutSeconds");
    match affinity.str() {
        "ClientIP" if !(1..=AFFINITY_MOST).contains(&seconds.int()) => {
            check::invalid(&seconds, format!("must be greater than 0 and less than {AFFINITY_MOST}"), out);
        }
        "None" if !config.is_null() => {
            check::forbidden(&config.path, "must not be set when session affinity is None", out);
        }
        _ => {}
    }
}

fn balancer(spec: &Cursor<'_>, out: &mut ErrorList) {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    let balanced = spec.at("type").str() == "LoadBalancer";
    let ranges = spec.at("loadBalancerSourceRanges");
    // Upstream writes the field's name as Go has it.
    let path = spec.path.field("LoadBalancerSourceRanges");
    if ranges.items().next().is_some() && !balanced {
        check::forbidden(&path, ONLY, out);
    }
    for (index, range) in ranges.items().enumerate() {
        let text = range.str().trim();
        out.extend(formats::cidr(text).into_iter().map(|why| FieldError::invalid(&path.index(index), text, why)));
    }
    let allocate = spec.at("allocateLoadBalancerNodePorts");
    if !allocate.is_null() && !balanced {
        check::forbidden(&allocate.path, ONLY, out);
    }
    let class = spec.at("loadBalancerClass");
    if !class.is_null() && !balanced {
        check::forbidden(&class.path, ONLY, out);
    } else if !class.is_null() {
        check::text(&class, names::qualified_name(class.str()), out);
    }
}

fn traffic(spec: &Cursor<'_>, out: &mut ErrorList) {
    let service = value!({"spec": (spec.value.clone())});
    let policy = spec.at("externalTrafficPolicy");
    match externally_accessible(&service) {
        false if !policy.str().is_empty() => {
            check::invalid(&policy, "may only be set for externally-accessible services", out);
        }
        false => {}
        true => check::required_one_of(&policy, &["Cluster", "Local"], out),
    }
    let health = spec.at("healthCheckNodePort");
    if !needs_health_port(&service) && health.int() != 0 {
        let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        check::invalid(&health, why, out);
    }
    check::one_of(&spec.at("internalTrafficPolicy"), &["Cluster", "Local"], out);
    check::one_of(&spec.at("trafficDistribution"), &["PreferClose", "PreferSameZone", "PreferSameNode"], out);
}

/// The addresses of a service are its own for as long as its type has one.
pub fn update(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let of_addresses =
        |error: &FieldError| error.field.starts_with("spec.clusterIPs") || error.field.starts_with("spec.ipFamil");
    // Addresses are claimed before anything else is looked at: what is wrong with them is told alone.
    if !out.iter().any(of_addresses) {
        kept_addresses(new, old, out);
    }
    let class = new.at("loadBalancerClass");
    let balanced = |spec: &Value| spec.str("type") == "LoadBalancer";
    if balanced(old) && balanced(new.value) && class.value != old.get("loadBalancerClass") {
        check::invalid(&class, "may not change once set", out);
    }
}

fn kept_addresses(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let external = |spec: &Value| spec.str("type") == "ExternalName";
    let list = new.at("clusterIPs");
    let (given, before) = (new.value.items("clusterIPs"), old.items("clusterIPs"));
    let headless = |list: &[Value]| matches!(list, [one] if one.as_str() == Some("None"));
    if external(old) || external(new.value) || (headless(given) && headless(before)) {
        return;
    }
    // A second address may come and go.
    let compared = if given.len() == before.len() { given.len() } else { 1 };
    let pairs = given.iter().zip(before).enumerate().take(compared);
    for (index, _) in pairs.filter(|(_, (ip, before))| ip != before) {
        out.push(FieldError::invalid(&list.path.index(index), list.value.clone(), "may not change once set"));
    }
    if given.is_empty() && !before.is_empty() {
        out.push(FieldError::invalid(&list.path.index(0), list.value.clone(), "primary clusterIP can not be unset"));
    }
}
