//! `/metrics/resource` and `/metrics` in the text format of Prometheus.

use super::Site;
use super::answer::{Answer, Refusal, with_type};
use super::stats::{Measured, cpu_nanoseconds, measure};
use crate::node::machine::Machine;
use bytes::Bytes;
use cri::v1::ContainerStats;
use http::StatusCode;
use http_body_util::{BodyExt, Full};
use k8s_openapi::api::core::v1::Pod;
use podplan::spec::{api_status, name, namespace, uid};
use std::fmt::{Display, Write};
use std::sync::Arc;

/// One family of samples after the other.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, help: &str, kind: &str) {
        // Writing into a string does not fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        let braced = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{name}{braced} {value}");
    }

    fn answer(self) -> Answer {
        let body = Full::new(Bytes::from(self.text)).boxed_unsync();
        with_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", body)
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

struct Row {
    container: String,
    pod: Arc<Pod>,
    cpu: Option<f64>,
    memory: Option<u64>,
    started: Option<i64>,
}

impl Row {
    fn labels(&self) -> [(&str, &str); 3] {
        [("container", &self.container), ("namespace", namespace(&self.pod)), ("pod", name(&self.pod))]
    }

    fn of(pod: &Arc<Pod>, stats: &ContainerStats) -> Row {
        let container = stats.attributes.as_ref().and_then(|a| a.metadata.as_ref()).map(|m| m.name.clone());
        let container = container.unwrap_or_default();
        let status = api_status(pod).container_statuses.iter().flatten().find(|s| s.name == container);
        let running = status.and_then(|s| s.state.as_ref()).and_then(|s| s.running.as_ref());
        Row {
            cpu: stats.cpu.as_ref().and_then(|c| c.usage_core_nano_seconds.as_ref()).map(|n| seconds(n.value)),
            memory: stats.memory.as_ref().and_then(|m| m.working_set_bytes.as_ref()).map(|b| b.value),
            started: running.and_then(|r| r.started_at.as_ref()).map(|t| t.0.as_second()),
            pod: pod.clone(),
            container,
        }
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

pub async fn resource(site: &Site) -> Result<Answer, Refusal> {
    let measured = measure(site).await;
    let mut page = Page::default();
    if let Ok(measured) = &measured {
        containers(site, measured, &mut page);
    }
    page.family(
        "node_cpu_usage_seconds_total",
        "[STABLE] Cumulative cpu time consumed by the node in core-seconds",
        "counter",
    );
    if let Some(nanoseconds) = cpu_nanoseconds() {
        page.sample("node_cpu_usage_seconds_total", &[], seconds(nanoseconds));
    }
    let used = u64::try_from(site.context.memory_capacity).unwrap_or(0).saturating_sub(Machine::available_memory());
    page.family("node_memory_working_set_bytes", "[STABLE] Current working set of the node in bytes", "gauge");
    page.sample("node_memory_working_set_bytes", &[], used);
    let help = "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise";
    page.family("resource_scrape_error", help, "gauge");
    page.sample("resource_scrape_error", &[], i32::from(measured.is_err()));
    Ok(page.answer())
}

fn containers(site: &Site, measured: &Measured, page: &mut Page) {
    let pods = site.roster.pods();
    let of_pod = |pod: &Arc<Pod>| -> Vec<Row> {
        measured.containers.get(uid(pod)).into_iter().flatten().map(|stats| Row::of(pod, stats)).collect()
    };
    let rows: Vec<Row> = pods.iter().flat_map(of_pod).collect();
    let (cpu, memory) = ("container_cpu_usage_seconds_total", "container_memory_working_set_bytes");
    page.family(cpu, "[STABLE] Cumulative cpu time consumed by the container in core-seconds", "counter");
    rows.iter().for_each(|row| row.cpu.into_iter().for_each(|value| page.sample(cpu, &row.labels(), value)));
    page.family(memory, "[STABLE] Current working set of the container in bytes", "gauge");
    rows.iter().for_each(|row| row.memory.into_iter().for_each(|value| page.sample(memory, &row.labels(), value)));
    let started = "container_start_time_seconds";
    page.family(started, "[STABLE] Start time of the container since unix epoch in seconds", "gauge");
    rows.iter().for_each(|row| row.started.into_iter().for_each(|value| page.sample(started, &row.labels(), value)));
    totals(&pods, &rows, page);
}

fn totals(pods: &[Arc<Pod>], rows: &[Row], page: &mut Page) {
    let of = |pod: &Pod| rows.iter().filter(move |row| uid(&row.pod) == uid(pod)).collect::<Vec<_>>();
    let (cpu, memory) = ("pod_cpu_usage_seconds_total", "pod_memory_working_set_bytes");
    page.family(cpu, "[STABLE] Cumulative cpu time consumed by the pod in core-seconds", "counter");
    for pod in pods {
        let labels = [("namespace", namespace(pod)), ("pod", name(pod))];
        page.sample(cpu, &labels, of(pod).iter().filter_map(|row| row.cpu).sum::<f64>());
    }
    page.family(memory, "[STABLE] Current working set of the pod in bytes", "gauge");
    for pod in pods {
        let labels = [("namespace", namespace(pod)), ("pod", name(pod))];
        page.sample(memory, &labels, of(pod).iter().filter_map(|row| row.memory).sum::<u64>());
    }
}

/// The kubelet about itself.
pub fn own(site: &Site) -> Answer {
    let pods = site.roster.pods();
    let mut page = Page::default();
    page.family("kubelet_node_name", "[ALPHA] The node's name. The count is always 1.", "gauge");
    page.sample("kubelet_node_name", &[("node", &site.context.config.node_name)], 1);
    page.family("kubelet_running_pods", "[BETA] Number of pods that have a running pod sandbox", "gauge");
    let running = pods.iter().filter(|pod| api_status(pod).phase.as_deref() == Some("Running")).count();
    page.sample("kubelet_running_pods", &[], running);
    page.family("kubelet_running_containers", "[BETA] Number of containers currently running", "gauge");
    let statuses = pods.iter().flat_map(|pod| api_status(pod).container_statuses.iter().flatten());
    let count = statuses.filter(|s| s.state.as_ref().is_some_and(|s| s.running.is_some())).count();
    page.sample("kubelet_running_containers", &[("container_state", "running")], count);
    page.family("kubernetes_build_info", "[ALPHA] The version of this program.", "gauge");
    page.sample("kubernetes_build_info", &[("git_version", &site.context.config.version)], 1);
    page.answer()
}
