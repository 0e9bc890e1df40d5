//! What an autoscaler measures, and how fast it moves, when it does not say.

use meta::{Value, value};

/// Percent of the requested CPU.
const CPU_UTILIZATION: i64 = 80;

pub fn fill(autoscaler: &mut Value) {
    if autoscaler.items("spec.metrics").is_empty() {
        let target = value!({"type": "Utilization", "averageUtilization": CPU_UTILIZATION});
        let metric = value!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
        autoscaler.set("spec.metrics", value!([metric]));
    }
    if let Some(behavior) = autoscaler.at_mut("spec.behavior").filter(|behavior| behavior.as_map().is_some()) {
        rules(behavior, "scaleUp", || {
            value!({"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
                {"type": "Pods", "value": 4, "periodSeconds": 15},
                {"type": "Percent", "value": 100, "periodSeconds": 15},
            ]})
        });
        rules(
            behavior,
            "scaleDown",
            || value!({"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}),
        );
    }
}

fn rules(behavior: &mut Value, name: &str, defaults: fn() -> Value) {
    let rules = behavior.entry(name);
    for (field, default) in defaults().as_map().into_iter().flat_map(|map| map.iter()) {
        rules.set_if_absent(field, default.clone());
    }
}
