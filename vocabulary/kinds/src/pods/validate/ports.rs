//! Ports of containers.

use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError};
use std::collections::BTreeSet;

pub fn judge(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut names = BTreeSet::new();
    for port in at.items() {
        let (name, host) = (port.at("name"), port.at("hostPort"));
        if host.int() != 0 {
            check::port(&host, out);
        }
        if name.str().is_empty() {
            continue;
        }
        let complaints = formats::port_name(name.str());
        if !complaints.is_empty() {
            check::text(&name, complaints, out);
        } else if !names.insert(name.str().to_string()) {
            out.push(FieldError::duplicate(&name.path, name.str()));
        }
    }
}

/// Two containers of one pod cannot have the same port of the host.
pub fn host_conflicts(containers: &[Cursor<'_>], out: &mut ErrorList) {
    let mut taken = BTreeSet::new();
    for port in containers.iter().flat_map(|container| container.at("ports").items().collect::<Vec<_>>()) {
        let number = port.at("hostPort");
        if number.int() == 0 {
            continue;
        }
        let claim = format!("{}/{}/{}", port.at("protocol").str(), port.at("hostIP").str(), number.int());
        if taken.contains(&claim) {
            out.push(FieldError::duplicate(&number.path, claim));
        } else {
            taken.insert(claim);
        }
    }
}
