//! Who asks.

use meta::CompactString;
use std::collections::BTreeMap;

pub const AUTHENTICATED: &str = "system:authenticated";
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
pub const ANONYMOUS: &str = "system:anonymous";
pub const MASTERS: &str = "system:masters";

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    pub name: CompactString,
    pub uid: CompactString,
    pub groups: Vec<String>,
    pub extra: BTreeMap<String, Vec<String>>,
}

impl Identity {
    pub fn new(name: impl Into<CompactString>, groups: &[&str]) -> Identity {
        let mut groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        groups.push(AUTHENTICATED.into());
        Identity { name: name.into(), groups, ..Identity::default() }
    }

    pub fn anonymous() -> Identity {
        Identity { name: ANONYMOUS.into(), groups: vec![UNAUTHENTICATED.into()], ..Identity::default() }
    }

    pub fn service_account(namespace: &str, name: &str) -> Identity {
        let all = format!("system:serviceaccounts:{namespace}");
        Identity::new(format!("system:serviceaccount:{namespace}:{name}"), &["system:serviceaccounts", &all])
    }

    /// The server's own work: initial objects, allocation repair.
    pub fn loopback() -> Identity {
        Identity::new("system:apiserver", &[MASTERS])
    }

    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|g| g == group)
    }
}
