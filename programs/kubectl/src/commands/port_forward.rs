//! `kubectl port-forward`: ports of this machine that lead to a pod's.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, Kind, POD_RUNNING_TIMEOUT};
use crate::pods;
use crate::session::Session;
use crate::targets::{Query, Target};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use meta::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Sender;

const FLAGS: &[Flag] = &[Flag::of(Kind::List, "address", "")];

pub const COMMAND: Command =
    Command::new("port-forward", "Lead local ports to a pod's", "TYPE/NAME [LOCAL:]REMOTE ...")
        .flags(&[FLAGS, POD_RUNNING_TIMEOUT])
        .run(run);

/// A port here and the pod's port that it leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Lead {
    local: u16,
    remote: u16,
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let [name, words @ ..] = session.arguments() else { return Err(usage(session)) };
    if words.is_empty() {
        return Err(usage(session));
    }
    let word = if name.contains('/') { name.clone() } else { format!("pods/{name}") };
    let found = Query { arguments: vec![word], latest: true, ..Query::default() }.all(session)?;
    let target = found.into_iter().next().ok_or_else(|| Failure::text("expected a resource"))?;
    let pod = pods::of(session, &target)?;
    let leads: Result<Vec<Lead>, Failure> = words.iter().map(|word| lead(word, &target, &pod)).collect();
    let leads = leads?;
    let phase = pod.str("status.phase");
    if phase != "Running" {
        return Err(Failure::text(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let door = session.door()?;
    door.block_on(async {
        let api: Api<Pod> = Api::namespaced(door.client.clone(), pod.str("metadata.namespace"));
        serve(session, &api, pod.str("metadata.name"), &leads).await
    })
}

fn usage(session: &Session<'_>) -> Failure {
    session.usage("TYPE/NAME and list of ports are required for port-forward")
}

/// `8080:80`, `80`, `:80`, and names of ports in place of the second number.
fn lead(word: &str, target: &Target, pod: &Value) -> Result<Lead, Failure> {
    let (local, remote) = word.split_once(':').unwrap_or((word, word));
    let remote_port = match target.resource.is("", "Service") {
        true => port_behind(remote, &target.object, pod)?,
        false => port_of_pod(remote, pod)?,
    };
    let local = match local {
        "" => 0,
        local if local == remote && local.parse::<u16>().is_err() => named_local(remote, target, remote_port),
        local => local.parse().map_err(|_| {
            let why = format!("strconv.ParseUint: parsing {}: invalid syntax", meta::quote(local));
            Failure::text(format!("error parsing local port '{local}': {why}"))
        })?,
    };
    Ok(Lead { local, remote: remote_port })
}

/// A name alone is the service's own port here.
fn named_local(name: &str, target: &Target, remote: u16) -> u16 {
    let mut ports = target.object.items("spec.ports").iter();
    let own = ports.find(|port| port.str("name") == name).and_then(|port| u16::try_from(port.int("port")).ok());
    if target.resource.is("", "Service") { own.unwrap_or(remote) } else { remote }
}

fn port_of_pod(word: &str, pod: &Value) -> Result<u16, Failure> {
    if let Ok(port) = word.parse() {
        return Ok(port);
    }
    let mut ports = pod.items("spec.containers").iter().flat_map(|container| container.items("ports"));
    let found = ports.find(|port| port.str("name") == word && port.str("protocol") != "UDP");
    let missing = || Failure::text(format!("Pod '{}' does not have a named port '{word}'", pod.str("metadata.name")));
    found.and_then(|port| u16::try_from(port.int("containerPort")).ok()).ok_or_else(missing)
}

fn port_behind(word: &str, service: &Value, pod: &Value) -> Result<u16, Failure> {
    let name = service.str("metadata.name");
    let wanted: Option<i64> = word.parse().ok();
    let is_meant = |port: &&Value| wanted.map_or_else(|| port.str("name") == word, |number| port.int("port") == number);
    let Some(port) = service.items("spec.ports").iter().find(is_meant) else {
        return Err(Failure::text(match wanted {
            Some(number) => format!("Service {name} does not have a service port {number}"),
            None => format!("Service '{name}' does not have a named port '{word}'"),
        }));
    };
    match (port.get("targetPort"), service.str("spec.clusterIP")) {
        (_, "None") => Ok(u16::try_from(port.int("port")).unwrap_or(0)),
        (Value::Int(number), _) if *number != 0 => Ok(u16::try_from(*number).unwrap_or(0)),
        (Value::Str(named), _) => port_of_pod(named, pod),
        _ => Ok(u16::try_from(port.int("port")).unwrap_or(0)),
    }
}

/// Where to listen: `localhost` is both of its addresses, of which one may not exist.
fn addresses(session: &Session<'_>) -> Result<Vec<(IpAddr, bool)>, Failure> {
    let given = session.flags.list("address");
    let names: Vec<&str> =
        if given.is_empty() { vec!["localhost"] } else { given.iter().map(String::as_str).collect() };
    let mut found = Vec::new();
    for name in names {
        match name {
            "localhost" => {
                found.extend([(Ipv4Addr::LOCALHOST.into(), true), (Ipv6Addr::LOCALHOST.into(), true)]);
            }
            name => {
                let parsed = name.parse().map_err(|_| Failure::text(format!("{name} is not a valid IP")));
                found.push((parsed?, false));
            }
        }
    }
    Ok(found)
}

async fn serve(session: &Session<'_>, api: &Api<Pod>, pod: &str, leads: &[Lead]) -> Result<(), Failure> {
    let (sender, mut connections) = tokio::sync::mpsc::channel::<(TcpStream, Lead)>(16);
    let mut listening = 0;
    for lead in leads {
        let mut lead = *lead;
        let mut refusals = Vec::new();
        for (address, optional) in addresses(session)? {
            let listener = match TcpListener::bind((address, lead.local)).await {
                Ok(listener) => listener,
                Err(why) => {
                    refusals.push(format!("Unable to listen on port {}: {why}", lead.local));
                    if optional { continue } else { break }
                }
            };
            let bound = listener.local_addr()?;
            lead.local = bound.port();
            session.say(format!("Forwarding from {bound} -> {}", lead.remote));
            listening += 1;
            tokio::spawn(accept(listener, lead, sender.clone()));
        }
        if listening == 0 {
            return Err(Failure::text(refusals.join(", ")));
        }
    }
    session.console.flush();
    drop(sender);
    while let Some((stream, lead)) = connections.recv().await {
        session.say(format!("Handling connection for {}", lead.local));
        session.console.flush();
        tokio::spawn(carry(api.clone(), pod.to_string(), lead, stream));
    }
    Ok(())
}

async fn accept(listener: TcpListener, lead: Lead, to: Sender<(TcpStream, Lead)>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if to.send((stream, lead)).await.is_err() {
                    return;
                }
            }
            Err(why) => eprintln!("error: accepting a connection: {why}"),
        }
    }
}

async fn carry(api: Api<Pod>, pod: String, lead: Lead, mut stream: TcpStream) {
    if let Err(why) = carry_one(&api, &pod, lead, &mut stream).await {
        eprintln!("error: forwarding {} -> {}: {why}", lead.local, lead.remote);
    }
}

async fn carry_one(api: &Api<Pod>, pod: &str, lead: Lead, stream: &mut TcpStream) -> Result<(), String> {
    let mut forwarder = api.portforward(pod, &[lead.remote]).await.map_err(|why| why.to_string())?;
    let mut other = forwarder.take_stream(lead.remote).ok_or("no stream for the port")?;
    tokio::io::copy_bidirectional(stream, &mut other).await.map_err(|why| why.to_string())?;
    drop(other);
    forwarder.join().await.map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::Resource;
    use meta::value;
    use std::rc::Rc;

    fn target(kind: &str, object: &Value) -> Target {
        let resource = Resource { kind: kind.into(), version: "v1".into(), ..Resource::default() };
        Target::of_object(Rc::new(resource), object.clone(), "")
    }

    #[test]
    fn words_lead_to_ports() {
        let pod = value!({"metadata": {"name": "p"}, "spec": {"containers": [
            {"ports": [{"name": "web", "containerPort": 8080i64, "protocol": "TCP"}]}]}});
        let service = value!({"metadata": {"name": "s"}, "spec": {"clusterIP": "10.0.0.1", "ports": [
            {"name": "http", "port": 80i64, "targetPort": "web"}, {"port": 81i64, "targetPort": 9090i64}]}});
        let lead_of = |kind: &str, object: &Value, word: &str| {
            lead(word, &target(kind, object), &pod).map(|lead| (lead.local, lead.remote)).map_err(|why| why.to_string())
        };
        for (word, expect) in
            [("80", (80, 80)), ("8000:80", (8000, 80)), (":80", (0, 80)), ("web", (8080, 8080)), ("1:web", (1, 8080))]
        {
            assert_eq!(lead_of("Pod", &pod, word), Ok(expect), "{word}");
        }
        for (word, expect) in [("80", (80, 8080)), ("http", (80, 8080)), ("7:81", (7, 9090))] {
            assert_eq!(lead_of("Service", &service, word), Ok(expect), "{word}");
        }
        assert_eq!(lead_of("Pod", &pod, "no"), Err("Pod 'p' does not have a named port 'no'".into()));
        assert_eq!(lead_of("Service", &service, "9"), Err("Service s does not have a service port 9".into()));
    }
}
