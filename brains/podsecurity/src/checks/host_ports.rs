//! No ports of the node are taken.

use crate::wording::{containers, plural};
use crate::{Pod, Violation};
use std::collections::BTreeSet;

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let mut taken = BTreeSet::new();
    let bad = pod.containers_that(|container| {
        let ports = container.items("ports").iter().map(|port| port.int("hostPort"));
        let mut ports = ports.filter(|port| *port != 0).map(|port| port.to_string()).peekable();
        let breaks = ports.peek().is_some();
        taken.extend(ports);
        breaks
    });
    (!bad.is_empty()).then(|| {
        let (use_word, ports) = (plural(bad.len(), "uses", "use"), plural(taken.len(), "hostPort", "hostPorts"));
        let taken: Vec<String> = taken.into_iter().collect();
        Violation::new("hostPort", format!("{} {use_word} {ports} {}", containers(&bad), taken.join(", ")))
    })
}
