//! What a pod asks for: sums of requests and limits, and the quality of service that follows.

use crate::spec::{containers, init_containers, is_sidecar, spec};
use k8s_openapi::api::core::v1::{Container, Pod, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;
use meta::Quantity;
use std::collections::BTreeMap;

pub type Amounts = BTreeMap<String, Quantity>;

/// Quantities that passed the API are well-formed; another is counted as nothing.
pub fn amount(quantity: &ApiQuantity) -> Quantity {
    Quantity::parse(&quantity.0).unwrap_or(Quantity::ZERO)
}

pub fn amounts(list: Option<&BTreeMap<String, ApiQuantity>>) -> Amounts {
    list.into_iter().flatten().map(|(name, q)| (name.clone(), amount(q))).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Requests,
    Limits,
}

impl Side {
    fn of(self, resources: &ResourceRequirements) -> Option<&BTreeMap<String, ApiQuantity>> {
        match self {
            Side::Requests => resources.requests.as_ref(),
            Side::Limits => resources.limits.as_ref(),
        }
    }
}

pub fn of_container(container: &Container, side: Side) -> Amounts {
    container.resources.as_ref().map(|r| amounts(side.of(r))).unwrap_or_default()
}

/// Regular containers and sidecars together, or the hungriest moment of initialization; then overhead.
pub fn of_pod(pod: &Pod, side: Side) -> Amounts {
    let mut total = Amounts::new();
    for container in containers(pod) {
        add(&mut total, &of_container(container, side));
    }
    let (mut sidecars, mut peak) = (Amounts::new(), Amounts::new());
    for init in init_containers(pod) {
        let mut moment = of_container(init, side);
        if is_sidecar(init) {
            add(&mut total, &moment);
            add(&mut sidecars, &moment);
            moment = sidecars.clone();
        } else {
            add(&mut moment, &sidecars);
        }
        raise(&mut peak, &moment);
    }
    raise(&mut total, &peak);
    if let Some(own) = spec(pod).resources.as_ref().and_then(|r| side.of(r)) {
        total.extend(own.iter().map(|(name, q)| (name.clone(), amount(q))));
    }
    let mut overhead = amounts(spec(pod).overhead.as_ref());
    // An absent limit stays absent.
    overhead.retain(|name, _| side == Side::Requests || total.contains_key(name));
    add(&mut total, &overhead);
    total
}

fn add(total: &mut Amounts, more: &Amounts) {
    for (name, quantity) in more {
        let sum = total.get(name).copied().unwrap_or(Quantity::ZERO) + *quantity;
        total.insert(name.clone(), sum);
    }
}

fn raise(total: &mut Amounts, floor: &Amounts) {
    for (name, quantity) in floor {
        let most = total.get(name).copied().map_or(*quantity, |q| q.max(*quantity));
        total.insert(name.clone(), most);
    }
}

pub fn qos_class(pod: &Pod) -> &'static str {
    if let Some(told) = pod.status.as_ref().and_then(|s| s.qos_class.as_deref()) {
        match told {
            "Guaranteed" => return "Guaranteed",
            "Burstable" => return "Burstable",
            "BestEffort" => return "BestEffort",
            _ => {}
        }
    }
    computed_qos_class(pod)
}

const COMPUTE: [&str; 2] = ["cpu", "memory"];

fn computed_qos_class(pod: &Pod) -> &'static str {
    let own = spec(pod).resources.as_ref().filter(|r| r.requests.is_some() || r.limits.is_some());
    let parts: Vec<(Amounts, Amounts)> = match own {
        Some(own) => vec![(amounts(own.requests.as_ref()), amounts(own.limits.as_ref()))],
        None => {
            let all = init_containers(pod).iter().chain(containers(pod));
            all.map(|c| (of_container(c, Side::Requests), of_container(c, Side::Limits))).collect()
        }
    };
    let positive = |list: &Amounts, name: &str| list.get(name).copied().filter(|q| *q > Quantity::ZERO);
    let asks = |(requests, limits): &(Amounts, Amounts)| {
        COMPUTE.iter().any(|name| positive(requests, name).is_some() || positive(limits, name).is_some())
    };
    if !parts.iter().any(asks) {
        return "BestEffort";
    }
    let guaranteed = |(requests, limits): &(Amounts, Amounts)| {
        COMPUTE.iter().all(|name| {
            let limit = positive(limits, name);
            limit.is_some() && positive(requests, name).is_none_or(|request| Some(request) == limit)
        })
    };
    if parts.iter().all(guaranteed) { "Guaranteed" } else { "Burstable" }
}
