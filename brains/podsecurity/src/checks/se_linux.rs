//! Of SELinux, only types made for containers may be chosen.

use crate::setters::Setters;
use crate::wording::{plural, quoted};
use crate::{Pod, Violation};
use meta::Value;
use std::collections::BTreeSet;

const TYPES: [&str; 4] = ["", "container_t", "container_init_t", "container_kvm_t"];
const TYPES_V31: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

pub fn find_v0(pod: &Pod<'_>) -> Option<Violation> {
    find(pod, &TYPES)
}

pub fn find_v31(pod: &Pod<'_>) -> Option<Violation> {
    find(pod, &TYPES_V31)
}

#[derive(Default)]
struct Found<'p> {
    types: BTreeSet<&'p str>,
    user: bool,
    role: bool,
}

fn find(pod: &Pod<'_>, allowed: &[&str]) -> Option<Violation> {
    let mut found = Found::default();
    let setters = Setters::that(pod, |context| found.breaks(context.get("seLinuxOptions"), allowed));
    (!setters.are_none()).then(|| {
        let what = found.words().join("; ");
        Violation::new("seLinuxOptions", format!("{setters} set forbidden securityContext.seLinuxOptions: {what}"))
    })
}

impl<'p> Found<'p> {
    fn breaks(&mut self, options: &'p Value, allowed: &[&str]) -> bool {
        let own_type = options.str("type");
        let (user, role) = (!options.str("user").is_empty(), !options.str("role").is_empty());
        let bad_type = !allowed.contains(&own_type);
        self.types.extend(bad_type.then_some(own_type));
        self.user |= user;
        self.role |= role;
        bad_type || user || role
    }

    fn words(&self) -> Vec<String> {
        let types = || format!("{} {}", plural(self.types.len(), "type", "types"), quoted(&self.types));
        let types = (!self.types.is_empty()).then(types);
        let user = self.user.then(|| "user may not be set".to_string());
        let role = self.role.then(|| "role may not be set".to_string());
        types.into_iter().chain(user).chain(role).collect()
    }
}
