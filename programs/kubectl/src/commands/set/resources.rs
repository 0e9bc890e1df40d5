//! `kubectl set resources`.

use super::{check, containers, edit_all, find, pod_spec, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, Kind, text};
use crate::session::Session;
use meta::{Map, Quantity, Value};

const FLAGS: &[Flag] = &[text("limits"), text("requests"), Flag::of(Kind::Text, "containers", "*").short('c')];

pub const COMMAND: Command = Command::new(
    "resources",
    "Set requests and limits of containers",
    "(-f FILE | TYPE NAME) [--limits=LIST] [--requests=LIST]",
)
.flags(&with(FLAGS))
.run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let targets = find(session, session.arguments().to_vec())?;
    check(session)?;
    let (limits, requests) = (session.flags.text("limits"), session.flags.text("requests"));
    if limits.is_empty() && requests.is_empty() {
        return Err(Failure::text(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let lists = [("limits", amounts(limits)?), ("requests", amounts(requests)?)];
    let pattern = session.flags.text("containers");
    let mut missing = Vec::new();
    let sent =
        edit_all(session, &targets, "failed to patch resources update to pod template ", &mut |target, object| {
            let found = containers(pod_spec(target, object)?, pattern);
            if found.is_empty() {
                missing.push(Failure::text(format!("error: unable to find container named {pattern}")));
            }
            for container in found {
                for (list, amounts) in &lists {
                    for (name, amount) in amounts.iter() {
                        container.entry("resources").entry(list).entry(name).clone_from(amount);
                    }
                }
            }
            Ok(())
        });
    missing.extend(sent.err());
    Failure::all(missing)
}

/// `cpu=100m,memory=1Gi`
fn amounts(text: &str) -> Result<Map, Failure> {
    let mut amounts = Map::default();
    for word in text.split(',').filter(|_| !text.is_empty()) {
        let invalid = || Failure::text(format!("Invalid argument syntax {word}, expected <resource>=<value>"));
        let (name, amount) = word.split_once('=').filter(|(_, amount)| !amount.contains('=')).ok_or_else(invalid)?;
        let amount = Quantity::parse(amount).map_err(|why| Failure::text(why.to_string()))?;
        amounts.insert(name, Value::from(amount.to_string()));
    }
    Ok(amounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        let read = amounts("cpu=100m,memory=1024Mi").expect("amounts");
        assert_eq!(Value::Map(read), meta::value!({"cpu": "100m", "memory": "1Gi"}));
        assert!(amounts("").expect("nothing").is_empty());
        for broken in ["cpu", "cpu=x", "cpu=1=2"] {
            assert!(amounts(broken).is_err(), "{broken}");
        }
    }
}
