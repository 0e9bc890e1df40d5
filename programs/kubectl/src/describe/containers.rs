//! Containers, with what became of them where that is known.

use super::env;
use super::page::{Page, moment, or, resources, yes_no};
use crate::go;
use meta::{Value, quote};

/// `space` is the indent of a template's containers; a pod's have none.
pub fn describe(
    page: &mut Page,
    title: &str,
    containers: &[Value],
    statuses: &[Value],
    pod: Option<&Value>,
    space: &str,
) {
    let none = if containers.is_empty() { " <none>" } else { "" };
    page.line(0, format!("{space}{title}:{none}"));
    for container in containers {
        let status = statuses.iter().find(|status| status.str("name") == container.str("name"));
        basics(page, container, status, space);
        words(page, "Command", container.items("command"));
        words(page, "Args", container.items("args"));
        if let Some(status) = status {
            state(page, status);
        }
        requirements(page, 2, container.get("resources"));
        for (name, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if !container.get(field).is_null() {
                page.field(2, name, probe(container.get(field)));
            }
        }
        env::describe(page, container, pod);
        mounts(page, container);
    }
}

fn basics(page: &mut Page, container: &Value, status: Option<&Value>, space: &str) {
    let indent = if space.is_empty() { "" } else { " " };
    page.line(1, format!("{indent}{}:", container.str("name")));
    if let Some(status) = status {
        page.field(2, "Container ID", status.str("containerID"));
    }
    page.field(2, "Image", container.str("image"));
    if let Some(status) = status {
        page.field(2, "Image ID", status.str("imageID"));
    }
    for (one, many, field) in [("Port", "Ports", "containerPort"), ("Host Port", "Host Ports", "hostPort")] {
        let ports = ports(container, field);
        match ports.contains(',') {
            true => page.field(2, many, ports),
            false => page.field(2, one, or(&ports, "<none>")),
        }
    }
    let profile = container.at("securityContext.seccompProfile");
    if !profile.is_null() {
        page.field(2, "SeccompProfile", profile.str("type"));
        page.field_unless_empty(3, "LocalhostProfile", profile.str("localhostProfile"));
    }
}

fn ports(container: &Value, field: &str) -> String {
    let port = |port: &Value| {
        let text = format!("{}/{}", port.int(field), port.str("protocol"));
        if port.str("name").is_empty() { text } else { format!("{text} ({})", port.str("name")) }
    };
    container.items("ports").iter().map(port).collect::<Vec<_>>().join(", ")
}

fn words(page: &mut Page, title: &str, words: &[Value]) {
    if !words.is_empty() {
        page.line(2, format!("{title}:"));
    }
    for line in words.iter().filter_map(Value::as_str).flat_map(|word| word.split('\n')) {
        page.line(3, line);
    }
}

fn state(page: &mut Page, status: &Value) {
    one_state(page, "State", status.get("state"));
    if !status.at("lastState.terminated").is_null() {
        one_state(page, "Last State", status.get("lastState"));
    }
    page.field(2, "Ready", yes_no(status.bool("ready")));
    page.field(2, "Restart Count", status.int("restartCount"));
}

fn one_state(page: &mut Page, title: &str, state: &Value) {
    let (running, terminated) = (state.get("running"), state.get("terminated"));
    if !running.is_null() {
        page.field(2, title, "Running");
        page.field(3, "Started", moment(running.str("startedAt")));
    } else if !terminated.is_null() {
        page.field(2, title, "Terminated");
        page.field_unless_empty(3, "Reason", terminated.str("reason"));
        page.field_unless_empty(3, "Message", terminated.str("message"));
        page.field(3, "Exit Code", terminated.int("exitCode"));
        if terminated.int("signal") > 0 {
            page.field(3, "Signal", terminated.int("signal"));
        }
        page.field(3, "Started", moment(terminated.str("startedAt")));
        page.field(3, "Finished", moment(terminated.str("finishedAt")));
    } else {
        page.field(2, title, "Waiting");
        page.field_unless_empty(3, "Reason", state.str("waiting.reason"));
    }
}

pub fn requirements(page: &mut Page, level: usize, list: &Value) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        if !list.get(field).is_empty() {
            page.line(level, format!("{title}:"));
            resources(page, level + 1, list.get(field));
        }
    }
}

fn probe(probe: &Value) -> String {
    let times = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        probe.int("initialDelaySeconds"),
        probe.int("timeoutSeconds"),
        probe.int("periodSeconds"),
        probe.int("successThreshold"),
        probe.int("failureThreshold")
    );
    let (exec, http, tcp, grpc) = (probe.get("exec"), probe.get("httpGet"), probe.get("tcpSocket"), probe.get("grpc"));
    if !exec.is_null() {
        format!("exec {} {times}", go::sprint(exec.get("command")))
    } else if !http.is_null() {
        let (scheme, path) = (http.str("scheme").to_lowercase(), http.str("path"));
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        format!("http-get {scheme}://{}:{}{slash}{path} {times}", http.str("host"), go::sprint(http.get("port")))
    } else if !tcp.is_null() {
        format!("tcp-socket {}:{} {times}", tcp.str("host"), go::sprint(tcp.get("port")))
    } else if !grpc.is_null() {
        format!("grpc <pod>:{} {} {times}", grpc.int("port"), grpc.str("service"))
    } else {
        format!("unknown {times}")
    }
}

fn mounts(page: &mut Page, container: &Value) {
    let mut mounts: Vec<&Value> = container.items("volumeMounts").iter().collect();
    page.line(2, if mounts.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    mounts.sort_by_key(|mount| mount.str("mountPath"));
    for mount in mounts {
        let mut flags = vec![if mount.bool("readOnly") { "ro".to_string() } else { "rw".into() }];
        if !mount.str("subPath").is_empty() {
            flags.push(format!("path={}", quote(mount.str("subPath"))));
        }
        page.line(3, format!("{} from {} ({})", mount.str("mountPath"), mount.str("name"), flags.join(",")));
    }
    let devices = container.items("volumeDevices");
    if !devices.is_empty() {
        page.line(2, "Devices:");
    }
    for device in devices {
        page.line(3, format!("{} from {}", device.str("devicePath"), device.str("name")));
    }
}
