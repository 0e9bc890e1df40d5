//! The ports under which a pod answers for a Service.

use k8s_openapi::api::core::v1::{Container, Pod, Service, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointPort;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub(super) fn of(service: &Service, pod: &Pod) -> Vec<EndpointPort> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
    ports.into_iter().flatten().filter_map(|port| of_one(port, pod)).collect()
}

fn of_one(port: &ServicePort, pod: &Pod) -> Option<EndpointPort> {
    Some(EndpointPort {
        name: Some(port.name.clone().unwrap_or_default()),
        port: Some(find(port, pod)?),
        protocol: Some(protocol(port).to_owned()),
        app_protocol: port.app_protocol.clone(),
    })
}

pub(crate) fn protocol(port: &ServicePort) -> &str {
    port.protocol.as_deref().unwrap_or("TCP")
}

/// The number of a target port; a name is looked up among the pod's containers and sidecars.
pub(crate) fn find(port: &ServicePort, pod: &Pod) -> Option<i32> {
    match &port.target_port {
        None | Some(IntOrString::Int(0)) => Some(port.port),
        Some(IntOrString::Int(number)) => Some(*number),
        Some(IntOrString::String(name)) => {
            let spec = pod.spec.as_ref()?;
            let is_sidecar = |c: &&Container| c.restart_policy.as_deref() == Some("Always");
            let sidecars = spec.init_containers.iter().flatten().filter(is_sidecar);
            let fits = |named: &&k8s_openapi::api::core::v1::ContainerPort| {
                named.name.as_ref() == Some(name) && named.protocol.as_deref().unwrap_or("TCP") == protocol(port)
            };
            let mut ports =
                spec.containers.iter().chain(sidecars).flat_map(|container| container.ports.iter().flatten());
            ports.find(fits).map(|named| named.container_port)
        }
    }
}
