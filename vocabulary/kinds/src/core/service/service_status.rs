//! Where a load balancer says that it listens.

use crate::{check, formats};
use meta::{Cursor, ErrorList, names};

pub fn judge(service: &Cursor<'_>, out: &mut ErrorList) {
    let ingress = service.at("status.loadBalancer.ingress");
    if service.at("spec.type").str() != "LoadBalancer" {
        if ingress.items().next().is_some() {
            check::forbidden(&ingress.path, "may only be used when `spec.type` is 'LoadBalancer'", out);
        }
        return;
    }
    ingress.items().for_each(|point| judge_point(&point, out));
}

fn judge_point(point: &Cursor<'_>, out: &mut ErrorList) {
    let (ip, mode, host) = (point.at("ip"), point.at("ipMode"), point.at("hostname"));
    if !ip.str().is_empty() {
        check::text(&ip, formats::old_ip(ip.str()), out);
    }
    match (ip.str().is_empty(), mode.is_null()) {
        (true, false) => check::forbidden(&mode.path, "may not be specified when `ip` is not set", out),
        (false, true) => {
            check::required(&mode, "must be specified when `ip` is set", out);
        }
        _ => check::one_of(&mode, &["Proxy", "VIP"], out),
    }
    if !host.str().is_empty() {
        check::text(&host, names::dns_subdomain(host.str()), out);
        if formats::lenient_ip(host.str()).is_some() {
            check::invalid(&host, "must be a DNS name, not an IP address", out);
        }
    }
}
