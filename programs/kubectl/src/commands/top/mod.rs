//! `kubectl top`: what nodes and pods use, as the metrics API tells.

mod node;
mod pod;

use crate::command::Command;
use crate::failure::Failure;
use crate::session::Session;
use meta::{Quantity, Value};
use std::cmp::Ordering;

const SUPPORTED: &str = "metrics.k8s.io/v1beta1";

pub const COMMAND: Command =
    Command::new("top", "Show what nodes and pods use", "SUBCOMMAND").commands(&[node::COMMAND, pod::COMMAND]);

fn check_available(session: &Session<'_>) -> Result<(), Failure> {
    match session.discovery()?.versions.iter().any(|version| version == SUPPORTED) {
        true => Ok(()),
        false => Err(Failure::text("Metrics API not available")),
    }
}

/// The resources that are told of.
fn measured(session: &Session<'_>) -> &'static [&'static str] {
    if session.flags.has("show-swap") { &["cpu", "memory", "swap"] } else { &["cpu", "memory"] }
}

/// Amounts of resources in milli-units.
fn amount(usage: &Value, resource: &str) -> i64 {
    usage.get(resource).as_str().and_then(|text| Quantity::parse(text).ok()).map_or(0, |amount| amount.milli_value())
}

fn shown(resource: &str, milli: i64) -> String {
    match resource {
        "cpu" => format!("{milli}m"),
        // Whole bytes first, rounded up, as upstream takes them.
        _ => format!("{}Mi", (milli + 999).div_euclid(1000) / (1024 * 1024)),
    }
}

/// Most first where a resource is asked for, else by name.
fn order(resource: &str, a: &(&Value, String), b: &(&Value, String)) -> Ordering {
    match resource {
        "" => a.1.cmp(&b.1),
        resource => amount(b.0, resource).cmp(&amount(a.0, resource)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn amounts_are_shown_in_their_units() {
        let usage = value!({"cpu": "1500m", "memory": "3Mi"});
        assert_eq!(shown("cpu", amount(&usage, "cpu")), "1500m");
        assert_eq!(shown("memory", amount(&usage, "memory")), "3Mi");
        assert_eq!(shown("memory", amount(&usage, "absent")), "0Mi");
    }
}
