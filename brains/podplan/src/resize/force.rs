//! What holds the containers of a pod now, and what is to hold them.

use super::resizable;
use crate::cgroup::{Limits, of_one};
use crate::resources::{Side, of_container};
use crate::seen::{InForce, Instance, InstanceState, RuntimeState};
use k8s_openapi::api::core::v1::{Container, Pod};
use meta::Quantity;

/// How a container comes to what it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    InPlace,
    Restart,
}

/// None when everything that the container was granted is in force.
pub fn due(pod: &Pod, container: &Container, running: &Instance) -> Option<Way> {
    let now = running.in_force?;
    let wanted = in_force(pod, container);
    let cpu = (now.cpu_shares, now.cpu_quota) != (wanted.cpu_shares, wanted.cpu_quota);
    let limit = now.memory_bytes != wanted.memory_bytes;
    // No group of the kernel knows of it, but a container may ask to be restarted for it.
    let request = now.memory_request.is_some() && now.memory_request != wanted.memory_request;
    let restarts = (cpu && restarts_for(container, "cpu")) || ((limit || request) && restarts_for(container, "memory"));
    match restarts {
        true => Some(Way::Restart),
        false => (cpu || limit).then_some(Way::InPlace),
    }
}

/// What is in force when a container has been given all that it was granted.
pub fn in_force(pod: &Pod, container: &Container) -> InForce {
    // Without a capacity only the order of out-of-memory kills would differ.
    let Limits { cpu_shares, cpu_quota, memory_bytes, .. } = of_one(pod, container, 0);
    let memory_request = of_container(container, Side::Requests).get("memory").map_or(0, Quantity::value);
    InForce { cpu_shares, cpu_quota, memory_bytes, memory_request: Some(memory_request) }
}

fn restarts_for(container: &Container, resource: &str) -> bool {
    let policies = container.resize_policy.as_deref().unwrap_or_default();
    policies.iter().any(|p| p.resource_name == resource && p.restart_policy == "RestartContainer")
}

/// Whether something that runs has not yet what it was granted.
pub fn in_progress(pod: &Pod, runtime: &RuntimeState) -> bool {
    resizable(pod).any(|container| {
        let running = runtime.latest(&container.name).filter(|i| i.state == InstanceState::Running);
        running.is_some_and(|running| due(pod, container, running).is_some())
    })
}

/// Limits that stand above both: while parts change, the whole is held to these.
pub fn loosened(before: Option<&Limits>, after: &Limits) -> Limits {
    let Some(before) = before else { return Limits { cpu_quota: 0, memory_bytes: 0, ..after.clone() } };
    // Zero is no limit, and stands above every other.
    let looser = |one: i64, other: i64| if one == 0 || other == 0 { 0 } else { one.max(other) };
    Limits {
        cpu_shares: before.cpu_shares.max(after.cpu_shares),
        cpu_quota: looser(before.cpu_quota, after.cpu_quota),
        memory_bytes: looser(before.memory_bytes, after.memory_bytes),
        ..after.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::containers;

    fn pod(resources: &str, policy: &str) -> Pod {
        let json = format!(
            r#"{{"spec":{{"containers":[{{"name":"a","resources":{resources},"resizePolicy":[{policy}]}}]}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn check_due(before: &str, now: &str, policy: &str, expect: Option<Way>) {
        let earlier = pod(before, policy);
        let running = Instance { in_force: Some(in_force(&earlier, &containers(&earlier)[0])), ..Instance::default() };
        let later = pod(now, policy);
        assert_eq!(due(&later, &containers(&later)[0], &running), expect, "{before} {now} {policy}");
    }

    #[test]
    fn policies_say_what_a_resize_costs() {
        let (small, more) = (r#"{"requests":{"cpu":"20m"}}"#, r#"{"requests":{"cpu":"25m"}}"#);
        let restart_cpu = r#"{"resourceName":"cpu","restartPolicy":"RestartContainer"}"#;
        let restart_memory = r#"{"resourceName":"memory","restartPolicy":"RestartContainer"}"#;
        check_due(small, small, restart_cpu, None);
        check_due(small, more, "", Some(Way::InPlace));
        check_due(small, more, restart_cpu, Some(Way::Restart));
        check_due(small, more, restart_memory, Some(Way::InPlace));
        check_due(r#"{"requests":{"cpu":"2m"}}"#, r#"{"requests":{"cpu":"1m"}}"#, "", None);
        let (light, heavy) = (r#"{"requests":{"memory":"20Mi"}}"#, r#"{"requests":{"memory":"25Mi"}}"#);
        check_due(light, heavy, "", None);
        check_due(light, heavy, restart_memory, Some(Way::Restart));
        check_due(r#"{"limits":{"memory":"20Mi"}}"#, r#"{"limits":{"memory":"25Mi"}}"#, "", Some(Way::InPlace));
    }

    #[test]
    fn no_limit_stands_above_all() {
        let limits = |cpu_quota, memory_bytes| Limits { cpu_quota, memory_bytes, ..Limits::default() };
        assert_eq!(loosened(Some(&limits(10, 0)), &limits(20, 5)), limits(20, 0));
        assert_eq!(loosened(Some(&limits(30, 9)), &limits(20, 5)), limits(30, 9));
        assert_eq!(loosened(None, &limits(20, 5)), limits(0, 0));
    }
}
