//! Every container is bound not to run as root, by itself or by its pod.

use crate::setters::Setters;
use crate::wording::containers;
use crate::{Pod, Violation};
use meta::Value;

const REASON: &str = "runAsNonRoot != true";

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let setters = Setters::that(pod, |context| bound(context) == Some(false));
    if !setters.are_none() {
        return Some(Violation::new(REASON, format!("{setters} must not set securityContext.runAsNonRoot=false")));
    }
    if bound(pod.spec.get("securityContext")) == Some(true) {
        return None;
    }
    let silent = pod.containers_that(|container| bound(container.get("securityContext")).is_none());
    (!silent.is_empty()).then(|| {
        let detail = format!("pod or {} must set securityContext.runAsNonRoot=true", containers(&silent));
        Violation::new(REASON, detail)
    })
}

fn bound(context: &Value) -> Option<bool> {
    context.get("runAsNonRoot").as_bool()
}
