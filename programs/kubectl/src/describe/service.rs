//! A service with the addresses behind it.

use super::Asker;
use super::page::{Page, or, pairs};
use crate::failure::Failure;
use crate::go;
use meta::Value;

/// So many addresses are shown.
const MOST: usize = 3;

pub fn describe(asker: &Asker<'_, '_>, service: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(service);
    let spec = service.get("spec");
    page.field(0, "Selector", or(&pairs(spec.get("selector")).join(","), "<none>"));
    page.field(0, "Type", spec.str("type"));
    addresses(page, service, spec);
    let slices = slices(asker, &asker.target.name)?;
    for port in spec.items("ports") {
        describe_port(page, port, &slices);
    }
    page.field(0, "Session Affinity", spec.str("sessionAffinity"));
    page.field_unless_empty(0, "External Traffic Policy", spec.str("externalTrafficPolicy"));
    page.field_unless_empty(0, "Internal Traffic Policy", spec.str("internalTrafficPolicy"));
    if spec.int("healthCheckNodePort") != 0 {
        page.field(0, "HealthCheck NodePort", spec.int("healthCheckNodePort"));
    }
    page.field_unless_empty(0, "LoadBalancer Source Ranges", &joined(spec, "loadBalancerSourceRanges"));
    page.field_unless_empty(0, "Traffic Distribution", spec.str("trafficDistribution"));
    asker.events(page);
    Ok(())
}

fn joined(object: &Value, path: &str) -> String {
    object.items(path).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

fn addresses(page: &mut Page, service: &Value, spec: &Value) {
    page.field_unless_empty(0, "IP Family Policy", spec.str("ipFamilyPolicy"));
    page.field(0, "IP Families", or(&joined(spec, "ipFamilies"), "<none>"));
    page.field(0, "IP", spec.str("clusterIP"));
    page.field(0, "IPs", or(&joined(spec, "clusterIPs"), "<none>"));
    page.field_unless_empty(0, "External IPs", &joined(spec, "externalIPs"));
    page.field_unless_empty(0, "Desired LoadBalancer IP", spec.str("loadBalancerIP"));
    page.field_unless_empty(0, "External Name", spec.str("externalName"));
    let balancer = service.items("status.loadBalancer.ingress").iter().map(|ingress| {
        let mode = match ingress.str("ipMode") {
            "" => String::new(),
            mode => format!(" ({mode})"),
        };
        format!("{}{mode}", or(ingress.str("ip"), ingress.str("hostname")))
    });
    page.field_unless_empty(0, "LoadBalancer Ingress", &balancer.collect::<Vec<_>>().join(", "));
}

fn describe_port(page: &mut Page, port: &Value, slices: &[Value]) {
    let (name, protocol) = (or(port.str("name"), "<unset>"), port.str("protocol"));
    page.line(0, format!("Port:\t{name}\t{}/{protocol}", port.int("port")));
    page.field(0, "TargetPort", format!("{}/{protocol}", go::sprint(port.get("targetPort"))));
    if port.int("nodePort") != 0 {
        page.line(0, format!("NodePort:\t{name}\t{}/{protocol}", port.int("nodePort")));
    }
    page.field(0, "Endpoints", endpoints(slices, Some(port.str("name"))));
}

pub fn slices(asker: &Asker<'_, '_>, service: &str) -> Result<Vec<Value>, Failure> {
    let path = format!("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices", asker.target.namespace);
    asker.list(path, &format!("kubernetes.io/service-name={service}"), "")
}

/// The ready addresses of slices, with the port of that name.
pub fn endpoints(slices: &[Value], port_name: Option<&str>) -> String {
    if slices.is_empty() {
        return "<none>".into();
    }
    let mut found: Vec<String> = Vec::new();
    for slice in slices {
        let ports: Vec<Option<i64>> = match slice.items("ports") {
            [] => vec![None],
            ports => {
                let wanted = ports.iter().filter(|port| port_name.is_none_or(|name| port.str("name") == name));
                wanted.map(|port| Some(port.int("port"))).collect()
            }
        };
        for port in ports {
            let ready =
                slice.items("endpoints").iter().filter(|one| one.at("conditions.ready").as_bool() != Some(false));
            found.extend(
                ready.filter_map(|one| one.items("addresses").first()?.as_str()).map(|address| host(address, port)),
            );
        }
    }
    match found.len() {
        count if count > MOST => format!("{} + {} more...", found[..MOST].join(","), count - MOST),
        _ => found.join(","),
    }
}

fn host(address: &str, port: Option<i64>) -> String {
    match port {
        None => address.to_string(),
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn few_addresses_are_shown() {
        let slice = |count: usize| {
            let endpoints: Vec<Value> = (0..count).map(|n| value!({"addresses": [(format!("10.0.0.{n}"))]})).collect();
            value!({"ports": [{"name": "", "port": 80i64}], "endpoints": (Value::List(endpoints))})
        };
        for (slices, expect) in [
            (vec![], "<none>"),
            (vec![slice(0)], ""),
            (vec![slice(1)], "10.0.0.0:80"),
            (vec![slice(5)], "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 2 more..."),
        ] {
            assert_eq!(endpoints(&slices, Some("")), expect);
        }
    }
}
