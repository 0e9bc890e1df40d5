//! A pod, or a template of pods, as the checks see it.

use meta::Value;

pub struct Pod<'p> {
    pub metadata: &'p Value,
    pub spec: &'p Value,
}

impl<'p> Pod<'p> {
    /// Of a pod itself, or of the template inside an object.
    pub fn of(pod: &'p Value) -> Pod<'p> {
        Pod { metadata: pod.get("metadata"), spec: pod.get("spec") }
    }

    /// In the order in which messages name them.
    pub fn containers(&self) -> impl Iterator<Item = &'p Value> {
        let spec = self.spec;
        ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(move |list| spec.items(list))
    }

    /// Names of the containers that this is true of.
    pub fn containers_that(&self, mut breaks: impl FnMut(&'p Value) -> bool) -> Vec<&'p str> {
        self.containers().filter(|container| breaks(container)).map(|container| container.str("name")).collect()
    }

    pub fn annotations(&self) -> impl Iterator<Item = (&'p str, &'p str)> {
        let annotations = self.metadata.fields("annotations");
        annotations.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
    }

    pub fn annotation(&self, name: &str) -> Option<&'p str> {
        self.metadata.get("annotations").get(name).as_str()
    }
}

pub fn is_of_windows(pod: &Pod<'_>) -> bool {
    pod.spec.str("os.name") == "windows"
}

/// Its users are not those of the node.
pub fn has_users_of_its_own(pod: &Pod<'_>) -> bool {
    pod.spec.get("hostUsers").as_bool() == Some(false)
}
