//! `kubectl expose`: a Service for what a pod, a service or a controller runs.

use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, DRY_RUN, FILES, Flag, PRINT, RECORD, SAVE_CONFIG};
use crate::last_applied;
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::{Map, Value, value};

const FLAGS: &[Flag] = &[
    flags::text("protocol"),
    flags::text("port"),
    flags::text("type"),
    flags::text("load-balancer-ip"),
    flags::text("selector"),
    flags::text("labels").short('l'),
    flags::text("target-port"),
    flags::text("external-ip"),
    flags::text("name"),
    flags::text("session-affinity"),
    flags::text("cluster-ip"),
    flags::text("field-manager"),
    flags::text("overrides"),
    flags::text("override-type"),
];

pub const COMMAND: Command =
    Command::new("expose", "Make a service for what runs", "(-f FILE | TYPE NAME) [--port=PORT]")
        .flags(&[FLAGS, FILES, PRINT, DRY_RUN, RECORD, SAVE_CONFIG])
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let change = Change::of(session)?;
    let query = Query { selector: String::new(), latest: true, ..Query::of(session) };
    let found = query.find(session)?;
    let mut failures = found.failures;
    for target in found.targets {
        failures.extend(one(session, &change, &target).err());
    }
    Failure::all(failures)
}

fn one(session: &Session<'_>, change: &Change, target: &Target) -> Result<(), Failure> {
    let mut service = service(session, target)?;
    if change.dry_run == DryRun::Client {
        if session.namespace_given() {
            service.set("metadata.namespace", session.namespace()?);
        }
        return change.tell(session, &service, "exposed");
    }
    if session.flags.has("save-config") {
        last_applied::write(&mut service);
    }
    let request = Request::post(format!("/api/v1/namespaces/{}/services", session.namespace()?), &service)
        .with("fieldManager", field_manager(session, "kubectl-expose"));
    let made = session.door()?.call(change.dry_run.ask(request))?;
    change.tell(session, &made, "exposed")
}

fn service(session: &Session<'_>, target: &Target) -> Result<Value, Failure> {
    let flags = &session.flags;
    let selector = selector(session, target)?;
    let ports = ports(session, target)?;
    let name = match flags.text("name") {
        "" => target.name.chars().take(63).collect(),
        name => name.to_string(),
    };
    let mut service = value!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector},
        "status": {"loadBalancer": {}}
    });
    if !ports.is_empty() {
        service.set("spec.ports", Value::List(ports));
    }
    let labels = match flags.text("labels") {
        "" => target.object.at("metadata.labels").clone(),
        given => pairs(given)?,
    };
    if !labels.is_empty() {
        service.set("metadata.labels", labels);
    }
    for (flag, field) in [("type", "type"), ("cluster-ip", "clusterIP"), ("session-affinity", "sessionAffinity")] {
        if !flags.text(flag).is_empty() {
            service.entry("spec").set(field, flags.text(flag));
        }
    }
    if !matches!(flags.text("session-affinity"), "" | "None" | "ClientIP") {
        return Err(Failure::text(format!("unknown session affinity: {}", flags.text("session-affinity"))));
    }
    if !flags.text("external-ip").is_empty() {
        service.set("spec.externalIPs", vec![flags.text("external-ip")]);
    }
    if flags.text("type") == "LoadBalancer" && !flags.text("load-balancer-ip").is_empty() {
        service.set("spec.loadBalancerIP", flags.text("load-balancer-ip"));
    }
    Ok(service)
}

/// `a=1,b=2`
fn pairs(text: &str) -> Result<Value, Failure> {
    let mut pairs = Map::default();
    for word in text.split(',') {
        let (key, value) = word
            .split_once('=')
            .filter(|(_, value)| !value.contains('='))
            .ok_or_else(|| Failure::text(format!("unexpected label spec: {word}")))?;
        if key.is_empty() {
            return Err(Failure::text("unexpected empty label key"));
        }
        pairs.insert(key, value);
    }
    Ok(Value::Map(pairs))
}

fn selector(session: &Session<'_>, target: &Target) -> Result<Value, Failure> {
    let given = session.flags.text("selector");
    let exposable =
        [("", "Service"), ("", "Pod"), ("", "ReplicationController"), ("apps", "Deployment"), ("apps", "ReplicaSet")];
    if !exposable.contains(&target.kind()) {
        let word = if target.resource.group.is_empty() {
            target.resource.kind.clone()
        } else {
            crate::discovery::with_group(&target.resource.kind, &target.resource.group)
        };
        return Err(Failure::text(format!("cannot expose a {word}")));
    }
    if !given.is_empty() {
        return pairs(given);
    }
    let why =
        |text: &str| Failure::text(format!("couldn't retrieve selectors via --selector flag or introspection: {text}"));
    let object = &target.object;
    match target.resource.kind.as_str() {
        "Pod" if object.at("metadata.labels").is_empty() => Err(why("the pod has no labels and cannot be exposed")),
        "Pod" => Ok(object.at("metadata.labels").clone()),
        "Service" if object.at("spec.selector").is_empty() => Err(why("the service has no pod selector set")),
        "Service" | "ReplicationController" => Ok(object.at("spec.selector").clone()),
        kind => match object.at("spec.selector.matchExpressions").is_empty() {
            true => Ok(object.at("spec.selector.matchLabels").clone()),
            false => Err(why(&format!(
                "couldn't convert expressions - \"{}\" to map-based selector format",
                kind.to_lowercase()
            ))),
        },
    }
}

/// Ports of the object with their protocols, in order.
fn known_ports(target: &Target) -> Vec<(i64, String)> {
    let protocol = |port: &Value| match port.str("protocol") {
        "" => "TCP".to_string(),
        protocol => protocol.to_string(),
    };
    if target.resource.kind == "Service" {
        return target.object.items("spec.ports").iter().map(|port| (port.int("port"), protocol(port))).collect();
    }
    let spec = if target.resource.kind == "Pod" { "spec" } else { "spec.template.spec" };
    let containers = target.object.at(spec).items("containers").iter();
    containers
        .flat_map(|container| container.items("ports"))
        .map(|port| (port.int("containerPort"), protocol(port)))
        .collect()
}

fn ports(session: &Session<'_>, target: &Target) -> Result<Vec<Value>, Failure> {
    let flags = &session.flags;
    let known = known_ports(target);
    let mut numbers: Vec<i64> = Vec::new();
    match flags.text("port") {
        "" => known.iter().for_each(|(port, _)| {
            if !numbers.contains(port) {
                numbers.push(*port)
            }
        }),
        given => {
            for word in given.split(',') {
                let invalid = || Failure::text(format!("strconv.Atoi: parsing {}: invalid syntax", meta::quote(word)));
                numbers.push(word.parse().map_err(|_| invalid())?);
            }
        }
    }
    if numbers.is_empty() && flags.text("cluster-ip") != "None" {
        return Err(Failure::text("couldn't find port via --port flag or introspection"));
    }
    let mut made = Vec::new();
    for (number, port) in numbers.iter().enumerate() {
        let protocols: Vec<&str> = match flags.text("protocol") {
            "" => known.iter().filter(|(known, _)| known == port).map(|(_, protocol)| protocol.as_str()).collect(),
            given => vec![given],
        };
        let name = if numbers.len() > 1 { format!("port-{}", number + 1) } else { String::new() };
        match protocols.as_slice() {
            [] => made.push(port_of(flags.text("target-port"), *port, &name, "TCP")),
            [one] => made.push(port_of(flags.text("target-port"), *port, &name, one)),
            several => made.extend(several.iter().map(|protocol| {
                let name = format!("port-{}-{}", number + 1, protocol.to_lowercase());
                port_of(flags.text("target-port"), *port, &name, protocol)
            })),
        }
    }
    Ok(made)
}

fn port_of(target: &str, port: i64, name: &str, protocol: &str) -> Value {
    let target = match (target, target.parse::<i64>()) {
        ("", _) => Value::Int(port),
        (_, Ok(number)) => Value::Int(number),
        (name, _) => Value::from(name),
    };
    let mut made = value!({"port": port, "protocol": protocol, "targetPort": target});
    if !name.is_empty() {
        made.set("name", name);
    }
    made
}
