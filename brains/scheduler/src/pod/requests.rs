//! What a pod needs at its hungriest moment: all containers together, or one of those that run before them.

use super::manifest::{Container, ContainerStatus, PodSpec, PodStatus};
use crate::resources::Resources;

/// What a container is held to need where it does not say.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Missing {
    Nothing,
    /// A tenth of a core and 200 MiB each, so that many pods without requests spread as well.
    ALittle,
}

const LITTLE_MILLI_CPU: i64 = 100;
const LITTLE_MEMORY: i64 = 200 * 1024 * 1024;

pub(super) fn of(spec: &PodSpec, status: &PodStatus, missing: Missing) -> Resources {
    let mut together = Resources::default();
    for container in &spec.containers {
        together.add(&of_container(container, &status.container_statuses, missing));
    }
    let (mut sidecars, mut before) = (Resources::default(), Resources::default());
    for container in &spec.init_containers {
        let needs = of_container(container, &status.init_container_statuses, missing);
        let mut now = sidecars.clone();
        now.add(&needs);
        if container.restart_policy == "Always" {
            together.add(&needs);
            sidecars = now.clone();
        }
        before.raise_to(&now);
    }
    together.raise_to(&before);
    set_for_the_pod(&mut together, spec);
    together.add(&Resources::from_list(&spec.overhead));
    together
}

/// What is asked for the pod as a whole stands instead of what its containers ask.
fn set_for_the_pod(needs: &mut Resources, spec: &PodSpec) {
    for (name, amount) in &spec.resources.requests {
        if name == "cpu" || name == "memory" || name.starts_with("hugepages-") {
            needs.set(name, *amount);
        }
    }
}

fn of_container(container: &Container, statuses: &[ContainerStatus], missing: Missing) -> Resources {
    let mut needs = Resources::from_list(&container.resources.requests);
    while_resized(&mut needs, container, statuses);
    if missing == Missing::ALittle {
        let asks = |name| container.resources.requests.contains_key(name);
        if !asks("cpu") {
            needs.milli_cpu = LITTLE_MILLI_CPU;
        }
        if !asks("memory") {
            needs.memory = LITTLE_MEMORY;
        }
    }
    needs
}

/// While a container is being resized in place, it holds the most of what it wants, was given, and uses.
fn while_resized(needs: &mut Resources, container: &Container, statuses: &[ContainerStatus]) {
    let status = statuses.iter().find(|status| status.name == container.name);
    if let Some(ContainerStatus { resources: Some(actual), allocated_resources, .. }) = status {
        needs.raise_to(&Resources::from_list(&actual.requests));
        needs.raise_to(&Resources::from_list(allocated_resources));
    }
}
