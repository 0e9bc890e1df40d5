//! What CRI list filters select. Every present field must match; labels match by equality.

use std::collections::BTreeMap;

use crate::v1::*;

type Labels = BTreeMap<String, String>;

pub fn labels_match(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Ids may be given shortened, as tools do.
fn id_matches(wanted: &str, id: &str) -> bool {
    wanted.is_empty() || id.starts_with(wanted)
}

pub fn sandbox_matches(filter: Option<&PodSandboxFilter>, sandbox: &PodSandbox) -> bool {
    filter.is_none_or(|filter| {
        id_matches(&filter.id, &sandbox.id)
            && filter.state.is_none_or(|wanted| wanted.state == sandbox.state)
            && labels_match(&filter.label_selector, &sandbox.labels)
    })
}

pub fn container_matches(filter: Option<&ContainerFilter>, container: &Container) -> bool {
    filter.is_none_or(|filter| {
        id_matches(&filter.id, &container.id)
            && id_matches(&filter.pod_sandbox_id, &container.pod_sandbox_id)
            && filter.state.is_none_or(|wanted| wanted.state == container.state)
            && labels_match(&filter.label_selector, &container.labels)
    })
}

pub fn container_stats_match(filter: Option<&ContainerStatsFilter>, container: &Container) -> bool {
    filter.is_none_or(|filter| {
        id_matches(&filter.id, &container.id)
            && id_matches(&filter.pod_sandbox_id, &container.pod_sandbox_id)
            && labels_match(&filter.label_selector, &container.labels)
    })
}

pub fn sandbox_stats_match(filter: Option<&PodSandboxStatsFilter>, sandbox: &PodSandbox) -> bool {
    filter.is_none_or(|filter| {
        id_matches(&filter.id, &sandbox.id) && labels_match(&filter.label_selector, &sandbox.labels)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
    }

    fn check(selector: &[(&str, &str)], given: &[(&str, &str)], expect: bool) {
        assert_eq!(labels_match(&labels(selector), &labels(given)), expect, "{selector:?} on {given:?}");
    }

    #[test]
    fn labels_select_by_equality() {
        check(&[], &[("a", "1")], true);
        check(&[("a", "1")], &[("a", "1"), ("b", "2")], true);
        check(&[("a", "2")], &[("a", "1")], false);
        check(&[("c", "")], &[("a", "1")], false);
    }

    #[test]
    fn a_filter_needs_all_its_fields() {
        let container = Container {
            id: "abc123".into(),
            pod_sandbox_id: "pod9".into(),
            state: ContainerState::ContainerRunning.into(),
            ..Container::default()
        };
        let check = |filter: ContainerFilter, expect| {
            assert_eq!(container_matches(Some(&filter), &container), expect, "{filter:?}");
        };
        check(ContainerFilter::default(), true);
        check(ContainerFilter { id: "abc".into(), ..Default::default() }, true);
        check(ContainerFilter { id: "abd".into(), ..Default::default() }, false);
        check(ContainerFilter { id: "abc".into(), pod_sandbox_id: "pod8".into(), ..Default::default() }, false);
        let exited = ContainerStateValue { state: ContainerState::ContainerExited.into() };
        check(ContainerFilter { state: Some(exited), ..Default::default() }, false);
    }
}
