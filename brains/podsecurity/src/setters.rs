//! Who sets a field that pods and containers both have.

use crate::Pod;
use crate::wording::containers;
use meta::Value;
use std::fmt;

pub struct Setters<'p> {
    pub pod: bool,
    pub containers: Vec<&'p str>,
}

impl<'p> Setters<'p> {
    /// Those whose security context this is true of; who has none is asked with null.
    pub fn that(pod: &Pod<'p>, mut breaks: impl FnMut(&'p Value) -> bool) -> Setters<'p> {
        let of_pod = breaks(pod.spec.get("securityContext"));
        let containers = pod.containers_that(|container| breaks(container.get("securityContext")));
        Setters { pod: of_pod, containers }
    }

    pub fn are_none(&self) -> bool {
        !self.pod && self.containers.is_empty()
    }

    pub fn words(&self) -> Vec<String> {
        let pod = self.pod.then(|| "pod".to_string());
        let containers = (!self.containers.is_empty()).then(|| containers(&self.containers));
        pod.into_iter().chain(containers).collect()
    }
}

impl fmt::Display for Setters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" and "))
    }
}
