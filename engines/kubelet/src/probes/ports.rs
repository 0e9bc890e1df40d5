//! Ports by number or by the name that a container gives them.

use k8s_openapi::api::core::v1::Container;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub fn resolve(port: &IntOrString, container: &Container) -> Option<u16> {
    match port {
        IntOrString::Int(number) => u16::try_from(*number).ok(),
        IntOrString::String(text) => {
            let named = container.ports.iter().flatten().find(|p| p.name.as_deref() == Some(text));
            named.map(|p| p.container_port).or_else(|| text.parse().ok()).and_then(|n| u16::try_from(n).ok())
        }
    }
    .filter(|port| *port > 0)
}
