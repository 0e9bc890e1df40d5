//! Counters of every controller, under upstream's names of work queues.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Default)]
pub struct Metrics {
    controllers: Mutex<BTreeMap<&'static str, Arc<ControllerMetrics>>>,
}

#[derive(Debug, Default)]
pub struct ControllerMetrics {
    woken: AtomicU64,
    reconciles: AtomicU64,
    actions: AtomicU64,
    failures: AtomicU64,
    depth: AtomicU64,
}

impl ControllerMetrics {
    pub(crate) fn woken(&self) {
        self.woken.fetch_add(1, Relaxed);
    }

    pub(crate) fn reconciled(&self, actions: usize) {
        self.reconciles.fetch_add(1, Relaxed);
        self.actions.fetch_add(actions as u64, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn set_depth(&self, depth: usize) {
        self.depth.store(depth as u64, Relaxed);
    }

    pub fn reconciles(&self) -> u64 {
        self.reconciles.load(Relaxed)
    }

    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }
}

type Reader = fn(&ControllerMetrics) -> &AtomicU64;

const SERIES: &[(&str, &str, &str, Reader)] = &[
    ("workqueue_adds_total", "counter", "Total number of adds handled by workqueue", |m| &m.woken),
    ("workqueue_depth", "gauge", "Current depth of workqueue", |m| &m.depth),
    ("workqueue_retries_total", "counter", "Total number of retries handled by workqueue", |m| &m.failures),
    ("k1s_controller_reconciles_total", "counter", "Decisions that a controller has made", |m| &m.reconciles),
    ("k1s_controller_actions_total", "counter", "Actions that a controller has planned", |m| &m.actions),
];

impl Metrics {
    pub fn of(&self, controller: &'static str) -> Arc<ControllerMetrics> {
        self.controllers.lock().unwrap_or_else(PoisonError::into_inner).entry(controller).or_default().clone()
    }

    /// In Prometheus' text format.
    pub fn render(&self) -> String {
        let controllers = self.controllers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (name, kind, help, read) in SERIES {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}"); // a String takes everything
            for (controller, metrics) in controllers.iter() {
                let _ = writeln!(text, "{name}{{name=\"{controller}\"}} {}", read(metrics).load(Relaxed));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_what_was_counted() {
        let metrics = Metrics::default();
        metrics.of("job").reconciled(3);
        let text = metrics.render();
        assert!(text.contains("k1s_controller_actions_total{name=\"job\"} 3\n"), "{text}");
        assert!(text.contains("# TYPE workqueue_depth gauge\nworkqueue_depth{name=\"job\"} 0\n"), "{text}");
    }
}
