//! What a Job's rules say of a failed pod.

use k8s_openapi::api::batch::v1::{
    JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

#[derive(Debug, PartialEq)]
pub(super) struct Judgement {
    /// It counts towards the backoff limit.
    pub(super) counts: bool,
    /// The whole Job fails, and why.
    pub(super) fails_job: Option<String>,
    pub(super) fails_index: bool,
}

pub(super) fn judge(spec: &JobSpec, pod: &Pod) -> Judgement {
    let mut judgement = Judgement { counts: true, fails_job: None, fails_index: false };
    let rules = spec.pod_failure_policy.as_ref().map_or(&[] as &[_], |policy| &policy.rules);
    let matching = rules.iter().enumerate().find_map(|(place, rule)| Some((place, rule, matched(rule, pod)?)));
    let Some((place, rule, what)) = matching else { return judgement };
    match rule.action.as_str() {
        "Ignore" => judgement.counts = false,
        "FailIndex" => judgement.fails_index = true,
        "FailJob" => judgement.fails_job = Some(format!("{what} matching FailJob rule at index {place}")),
        _ => {}
    }
    judgement
}

/// What of the pod a rule fits, in words.
fn matched(rule: &PodFailurePolicyRule, pod: &Pod) -> Option<String> {
    if let Some(requirement) = &rule.on_exit_codes {
        let (name, code) = container(requirement, pod)?;
        return Some(format!(
            "Container {name} for pod {} failed with exit code {code}",
            crate::ownership::key(&pod.metadata)
        ));
    }
    let condition = condition(rule.on_pod_conditions.as_deref()?, pod)?;
    Some(format!("Pod {} has condition {condition}", crate::ownership::key(&pod.metadata)))
}

fn container<'a>(requirement: &PodFailurePolicyOnExitCodesRequirement, pod: &'a Pod) -> Option<(&'a str, i32)> {
    let status = pod.status.as_ref()?;
    let all = status.container_statuses.iter().flatten().chain(status.init_container_statuses.iter().flatten());
    all.filter(|status| requirement.container_name.as_ref().is_none_or(|name| *name == status.name))
        .filter_map(|status| Some((status.name.as_str(), exit_code(status)?)))
        .find(|(_, code)| match requirement.operator.as_str() {
            "In" => requirement.values.contains(code),
            "NotIn" => !requirement.values.contains(code),
            _ => false,
        })
}

fn exit_code(status: &ContainerStatus) -> Option<i32> {
    let ended = status.state.as_ref()?.terminated.as_ref()?;
    Some(ended.exit_code).filter(|code| *code != 0)
}

fn condition<'a>(patterns: &[PodFailurePolicyOnPodConditionsPattern], pod: &'a Pod) -> Option<&'a str> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let fits = |kind: &str, status: &str| {
        patterns.iter().any(|pattern| pattern.type_ == kind && pattern.status.as_deref().unwrap_or("True") == status)
    };
    conditions
        .iter()
        .find(|condition| fits(&condition.type_, &condition.status))
        .map(|condition| condition.type_.as_str())
}
