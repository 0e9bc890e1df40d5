//! `kubectl create poddisruptionbudget`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::session::Session;
use meta::selector::{LabelSelector, Requirement};
use meta::{Value, value};

const FLAGS: &[Flag] = &[flags::text("min-available"), flags::text("max-unavailable"), flags::text("selector")];

const KNOWN: Known = Known::new("policy", "v1", "poddisruptionbudgets", "failed to create poddisruptionbudgets:");

pub const COMMAND: Command =
    Command::new("poddisruptionbudget", "Create a pod disruption budget", "NAME --selector=SELECTOR --min-available=N")
        .aliases(&["pdb"])
        .flags(&with(FLAGS))
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let (least, most) = (flags.text("min-available"), flags.text("max-unavailable"));
    if flags.text("selector").is_empty() {
        return Err(Failure::text("a selector must be specified"));
    }
    let (field, amount) = match (least, most) {
        ("", "") => return Err(Failure::text("one of min-available or max-unavailable must be specified")),
        (least, "") => ("minAvailable", least),
        ("", most) => ("maxUnavailable", most),
        _ => return Err(Failure::text("min-available and max-unavailable cannot be both specified")),
    };
    let shape = amount.strip_suffix('%').unwrap_or(amount);
    if shape.is_empty() || !shape.chars().all(|c| c.is_ascii_digit()) {
        let flag = if field == "minAvailable" { "min-available" } else { "max-unavailable" };
        return Err(Failure::text(format!("invalid format specified for {flag}")));
    }
    let amount = amount.parse().map_or_else(|_| Value::from(amount), Value::Int);
    let selector = selector(flags.text("selector"))?;
    let mut object = value!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": 0i64, "currentHealthy": 0i64, "desiredHealthy": 0i64, "expectedPods": 0i64}
    });
    object.entry("spec").set(field, amount);
    KNOWN.make(session, object)
}

/// `a=b,c in (d)` as an object's selector.
fn selector(text: &str) -> Result<Value, Failure> {
    let parsed = LabelSelector::parse(text).map_err(Failure::text)?;
    let mut selector = Value::map();
    for requirement in &parsed.requirements {
        match requirement.exact() {
            Some((key, text)) => *selector.entry("matchLabels").entry(key) = text.into(),
            None => {
                let mut all = selector.get("matchExpressions").as_list().unwrap_or(&[]).to_vec();
                all.push(expression(requirement));
                selector.set("matchExpressions", Value::List(all));
            }
        }
    }
    Ok(selector)
}

fn expression(requirement: &Requirement) -> Value {
    match requirement {
        Requirement::In(key, values) => {
            value!({"key": key, "operator": "In", "values": (values.iter().cloned().collect::<Vec<_>>())})
        }
        Requirement::NotIn(key, values) => {
            value!({"key": key, "operator": "NotIn", "values": (values.iter().cloned().collect::<Vec<_>>())})
        }
        Requirement::Exists(key) => value!({"key": key, "operator": "Exists"}),
        Requirement::DoesNotExist(key) => value!({"key": key, "operator": "DoesNotExist"}),
        _ => Value::Null,
    }
}
