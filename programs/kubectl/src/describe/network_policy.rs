//! A network policy: which traffic its pods may receive and send.

use super::Asker;
use super::page::{Page, selector};
use crate::failure::Failure;
use crate::go;
use jiff::tz::TimeZone;
use meta::{Time, Value};

/// One direction in upstream's words.
struct Direction {
    policy_type: &'static str,
    rules: &'static str,
    peers: &'static str,
    word: &'static str,
    title: &'static str,
    other_end: &'static str,
}

const DIRECTIONS: [Direction; 2] = [
    Direction {
        policy_type: "Ingress",
        rules: "ingress",
        peers: "from",
        word: "ingress",
        title: "From",
        other_end: "source",
    },
    Direction {
        policy_type: "Egress",
        rules: "egress",
        peers: "to",
        word: "egress",
        title: "To",
        other_end: "destination",
    },
];

pub fn describe(_asker: &Asker<'_, '_>, policy: &Value, page: &mut Page) -> Result<(), Failure> {
    let spec = policy.get("spec");
    page.field(0, "Name", policy.str("metadata.name"));
    page.field(0, "Namespace", policy.str("metadata.namespace"));
    page.field(0, "Created on", created(policy));
    page.metadata(policy);
    page.line(0, "Spec:");
    let pods = match selector(spec.get("podSelector")).as_str() {
        "<none>" => "<none> (Allowing the specific traffic to all pods in this namespace)".to_string(),
        labels => labels.to_string(),
    };
    page.line(1, format!("PodSelector:     {pods}"));
    let types: Vec<&str> = spec.items("policyTypes").iter().filter_map(Value::as_str).collect();
    for direction in &DIRECTIONS {
        if types.contains(&direction.policy_type) {
            page.line(1, format!("Allowing {} traffic:", direction.word));
            direction.rules(page, spec.items(direction.rules));
        } else {
            page.line(1, format!("Not affecting {} traffic", direction.word));
        }
    }
    page.line(1, format!("Policy Types: {}", types.join(", ")));
    Ok(())
}

fn created(policy: &Value) -> String {
    let time = Time::parse(policy.str("metadata.creationTimestamp"));
    let shown = |time: Time| time.0.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string();
    time.map(shown).unwrap_or_default()
}

impl Direction {
    fn rules(&self, page: &mut Page, rules: &[Value]) {
        if rules.is_empty() {
            page.line(2, format!("<none> (Selected pods are isolated for {} connectivity)", self.word));
        }
        for (number, rule) in rules.iter().enumerate() {
            ports(page, rule.items("ports"));
            self.peers(page, rule.items(self.peers));
            if number + 1 < rules.len() {
                page.line(2, "----------");
            }
        }
    }

    fn peers(&self, page: &mut Page, peers: &[Value]) {
        if peers.is_empty() {
            page.line(2, format!("{}: <any> (traffic not restricted by {})", self.title, self.other_end));
        }
        for peer in peers {
            page.line(2, format!("{}:", self.title));
            for (title, field) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
                if !peer.get(field).is_null() {
                    page.line(3, format!("{title}: {}", selector(peer.get(field))));
                }
            }
            let block = peer.get("ipBlock");
            if !block.is_null() {
                let except: Vec<&str> = block.items("except").iter().filter_map(Value::as_str).collect();
                page.line(3, "IPBlock:");
                page.line(4, format!("CIDR: {}", block.str("cidr")));
                page.line(4, format!("Except: {}", except.join(", ")));
            }
        }
    }
}

fn ports(page: &mut Page, ports: &[Value]) {
    if ports.is_empty() {
        page.line(2, "To Port: <any> (traffic allowed to all ports)");
    }
    for port in ports {
        let protocol = super::page::or(port.str("protocol"), "TCP");
        let first = go::sprint(port.get("port"));
        match port.get("endPort").as_int() {
            None => page.line(2, format!("To Port: {first}/{protocol}")),
            Some(last) => page.line(2, format!("To Port Range: {first}-{last}/{protocol}")),
        }
    }
}
