//! A pod's names, name servers and the host's network.

use super::Place;
use crate::{check, formats};
use meta::{Cursor, ErrorList, FieldError, names};

const NAMESERVERS_MOST: usize = 3;
const SEARCHES_MOST: usize = 32;
const SEARCH_LIST_MOST: usize = 2048;

pub fn judge(spec: &Cursor<'_>, place: Place, out: &mut ErrorList) {
    dns(&spec.at("dnsConfig"), spec.at("dnsPolicy").str() == "None", out);
    if spec.at("hostNetwork").bool() {
        host_ports(spec, place, out);
    }
    if let Some(name) = spec.at("hostnameOverride").present() {
        hostname(&name, spec, out);
    }
}

fn dns(config: &Cursor<'_>, alone: bool, out: &mut ErrorList) {
    let servers = config.at("nameservers");
    if alone && config.is_null() {
        return out.push(FieldError::required(&config.path, "must provide `dnsConfig` when `dnsPolicy` is None"));
    }
    if alone && servers.items().next().is_none() {
        let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        return out.push(FieldError::required(&servers.path, why));
    }
    if servers.items().count() > NAMESERVERS_MOST {
        check::invalid(&servers, format!("must not have more than {NAMESERVERS_MOST} nameservers"), out);
    }
    searches(&config.at("searches"), out);
    for option in config.at("options").items().filter(|option| option.at("name").str().is_empty()) {
        out.push(FieldError::required(&option.path, "must not be empty"));
    }
}

fn searches(at: &Cursor<'_>, out: &mut ErrorList) {
    let list: Vec<Cursor<'_>> = at.items().collect();
    if list.len() > SEARCHES_MOST {
        check::invalid(at, format!("must not have more than {SEARCHES_MOST} search paths"), out);
    }
    let length: usize = list.iter().map(|search| search.str().len() + 1).sum();
    if length > SEARCH_LIST_MOST + 1 {
        let why =
            format!("must not have more than {SEARCH_LIST_MOST} characters (including spaces) in the search list");
        check::invalid(at, why, out);
    }
    for search in list.iter().filter(|search| search.str() != ".") {
        let name = search.str().strip_suffix('.').unwrap_or(search.str());
        for why in formats::dns_search(name) {
            out.push(FieldError::invalid(&search.path, name, why));
        }
    }
}

/// A pod on the host's network has its ports there; a template may leave that to its pods.
fn host_ports(spec: &Cursor<'_>, place: Place, out: &mut ErrorList) {
    for port in spec.at("containers").items().flat_map(|container| container.at("ports").items().collect::<Vec<_>>()) {
        let (host, own) = (port.at("hostPort"), port.at("containerPort").int());
        if (place == Place::Pod || host.int() != 0) && host.int() != own {
            let why = "must match `containerPort` when `hostNetwork` is true";
            out.push(FieldError::invalid(&host.path, host.int(), why));
        }
    }
}

fn hostname(name: &Cursor<'_>, spec: &Cursor<'_>, out: &mut ErrorList) {
    if spec.at("setHostnameAsFQDN").bool() {
        check::forbidden(&name.path, "may not be specified when setHostnameAsFQDN is true", out);
    }
    if spec.at("hostNetwork").bool() {
        check::forbidden(&name.path, "may not be specified when hostNetwork is true", out);
    }
    if name.str().len() > 64 {
        out.push(FieldError::too_long(&name.path, 64));
    }
    check::text(name, names::dns_subdomain(name.str()), out);
}
