//! `kubectl cluster-info`.

use crate::command::Command;
use crate::failure::Failure;
use crate::session::Session;
use crate::wire::Request;
use meta::Value;

pub const COMMAND: Command = Command::new("cluster-info", "Show where the control plane is", "").run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let door = session.door()?;
    let namespace = match session.flags.text("namespace") {
        "" => "kube-system",
        given => given,
    };
    let request = Request::get(format!("/api/v1/namespaces/{namespace}/services"))
        .with("labelSelector", "kubernetes.io/cluster-service=true");
    let services = door.call(request);
    if let Ok(services) = &services {
        session.say(format!("Kubernetes control plane is running at {}", door.server));
        for service in services.items("items") {
            session.say(format!("{} is running at {}", name(service), link(&door.server, service)));
        }
    }
    session.say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    services.map(|_| ())
}

fn name(service: &Value) -> &str {
    match service.at("metadata.labels").get("kubernetes.io/name").as_str() {
        None | Some("") => service.str("metadata.name"),
        Some(name) => name,
    }
}

fn link(server: &str, service: &Value) -> String {
    let (name, namespace) = (service.str("metadata.name"), service.str("metadata.namespace"));
    let name = match service.items("spec.ports").first() {
        None => name.to_string(),
        Some(port) => {
            let (port_name, secure) = (port.str("name"), port.str("name") == "https" || port.int("port") == 443);
            match (secure, port_name) {
                (false, "") => name.to_string(),
                (false, port) => format!("{name}:{port}"),
                (true, port) => format!("https:{name}:{port}"),
            }
        }
    };
    format!("{server}/api/v1/namespaces/{namespace}/services/{name}/proxy")
}
