//! Requests and limits.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, Path, Quantity, Value, names};

const OF_CONTAINERS: &[&str] = &["cpu", "memory", "ephemeral-storage"];

pub fn of_container(at: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    judge(at, container_name, out);
    claims(&at.at("claims"), spec, out);
}

/// A pod as a whole has few resources, and no less than each of its containers.
pub fn of_pod(at: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    if !at.at("claims").is_null() {
        check::forbidden(&at.at("claims").path, "claims may not be set for Resources at pod-level", out);
    }
    judge(at, pod_name, out);
    within(at, spec, out);
}

fn within(at: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    let quantity = |value: &Value| Quantity::parse(value.as_str().unwrap_or("")).ok();
    for (resource, most) in at.at("limits").entries() {
        for container in spec.at("containers").items() {
            let own = container.at("resources.limits").key(resource);
            if let (Some(own_limit), Some(limit)) = (quantity(own.value), quantity(most.value))
                && own_limit > limit
            {
                let why = format!("must be less than or equal to pod limits of {limit}");
                let path = container.at("resources.limits").path.key(resource);
                out.push(FieldError::invalid(&path, own.value.clone(), why));
            }
        }
    }
    for (resource, asked) in at.at("requests").entries() {
        let containers = spec.value.items("containers").iter();
        let sum = containers.filter_map(|c| quantity(c.at("resources.requests").get(resource))).reduce(|a, b| a + b);
        if let (Some(sum), Some(asked_quantity)) = (sum, quantity(asked.value))
            && sum > asked_quantity
        {
            let why = format!("must be greater than or equal to aggregate container requests of {sum}");
            out.push(FieldError::invalid(&asked.path, asked.value.clone(), why));
        }
    }
}

pub fn judge(at: &Cursor<'_>, name: fn(&str, &Path, &mut ErrorList), out: &mut ErrorList) {
    let (limits, requests) = (at.at("limits"), at.at("requests"));
    for (resource, quantity) in limits.entries().chain(requests.entries()) {
        name(resource, &quantity.path, out);
        value(resource, &quantity, out);
    }
    for (resource, request) in requests.entries() {
        let limit = limits.key(resource);
        let parsed = |text: &str| Quantity::parse(text).ok();
        match (parsed(request.str()), parsed(limit.str())) {
            (Some(asked), Some(most)) if asked != most && !overcommits(resource) => {
                let why = format!("must be equal to {resource} limit of {}", limit.str());
                out.push(FieldError::invalid(&requests.path, request.str(), why));
            }
            (Some(asked), Some(most)) if asked > most => {
                let why = format!("must be less than or equal to {resource} limit of {}", limit.str());
                out.push(FieldError::invalid(&requests.path, request.str(), why));
            }
            (Some(_), None) if !overcommits(resource) => {
                out.push(FieldError::required(&limits.path, "Limit must be set for non overcommitable resources"));
            }
            _ => {}
        }
    }
    let has = |prefix: &str| limits.entries().chain(requests.entries()).any(|(name, _)| name.starts_with(prefix));
    if has("hugepages-") && !has("cpu") && !has("memory") {
        check::forbidden(&at.path, "HugePages require cpu or memory", out);
    }
}

/// Of the cluster's own resources more may be promised than there is.
fn overcommits(resource: &str) -> bool {
    let native = !resource.contains('/') || resource.contains("kubernetes.io/");
    native && !resource.starts_with("hugepages-")
}

pub fn value(resource: &str, quantity: &Cursor<'_>, out: &mut ErrorList) {
    let Ok(parsed) = Quantity::parse(quantity.str()) else { return };
    if parsed.is_negative() {
        check::invalid(quantity, check::NEGATIVE, out);
    }
    let whole = resource.contains('/') && !resource.contains("kubernetes.io/") || COUNTED.contains(&resource);
    if whole && !parsed.is_whole() {
        check::invalid(quantity, "must be an integer", out);
    }
}

/// Resources that are counted in whole things.
const COUNTED: &[&str] = &[
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

pub fn container_name(name: &str, path: &Path, out: &mut ErrorList) {
    let complaints = names::qualified_name(name);
    if !complaints.is_empty() {
        return out.extend(complaints.into_iter().map(|why| FieldError::invalid(path, name, why)));
    }
    let known = OF_CONTAINERS.contains(&name) || name.starts_with("hugepages-");
    if !name.contains('/') && !known {
        if !is_standard(name) {
            out.push(FieldError::invalid(path, name, "must be a standard resource type or fully qualified"));
        }
        out.push(FieldError::invalid(path, name, "must be a standard resource for containers"));
    } else if name.contains('/') && !name.contains("kubernetes.io/") && name.starts_with("requests.") {
        out.push(FieldError::invalid(path, name, "doesn't follow extended resource name standard"));
    }
}

/// Of whatever is no container.
pub fn standard_name(name: &str, path: &Path, out: &mut ErrorList) {
    let complaints = names::qualified_name(name);
    if !complaints.is_empty() {
        return out.extend(complaints.into_iter().map(|why| FieldError::invalid(path, name, why)));
    }
    if !name.contains('/') && !is_standard(name) {
        out.push(FieldError::invalid(path, name, "must be a standard resource type or fully qualified"));
    }
}

pub fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name) || COUNTED.contains(&name)
}

const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "storage",
    "requests.storage",
];

fn pod_name(name: &str, path: &Path, out: &mut ErrorList) {
    if !["cpu", "memory"].contains(&name) && !name.starts_with("hugepages-") {
        out.push(FieldError::not_supported(path, name, ["cpu", "hugepages-", "memory"]));
    }
}

fn claims(at: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    let known: Vec<&str> = spec.value.items("resourceClaims").iter().map(|claim| claim.str("name")).collect();
    for claim in at.items() {
        let name = claim.at("name").str();
        if name.is_empty() {
            out.push(FieldError::required(&claim.path, ""));
        } else if !known.contains(&name) {
            let mut error = FieldError::not_found(&claim.path, name);
            error.detail = match known.is_empty() {
                true => "must be one of the names in pod.spec.resourceClaims which is empty".into(),
                false => format!("must be one of the names in pod.spec.resourceClaims: {}", known.join(", ")),
            };
            out.push(error);
        }
    }
}
