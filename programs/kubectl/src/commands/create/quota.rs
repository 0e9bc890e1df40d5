//! `kubectl create quota`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::session::Session;
use meta::{Quantity, Value, value};

const FLAGS: &[Flag] = &[flags::text("hard"), flags::text("scopes")];

const KNOWN: Known = Known::new("", "v1", "resourcequotas", "failed to create quota:");

pub const COMMAND: Command = Command::new("quota", "Create a quota", "NAME [--hard=KEY=VALUE,...] [--scopes=...]")
    .aliases(&["resourcequota"])
    .flags(&with(FLAGS))
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let mut spec = Value::map();
    for word in session.flags.text("hard").split(',').filter(|word| !word.is_empty()) {
        let pair = word.split_once('=').filter(|(_, amount)| !amount.contains('='));
        let (key, amount) =
            pair.ok_or_else(|| Failure::text(format!("Invalid argument syntax {word}, expected <resource>=<value>")))?;
        let amount = Quantity::parse(amount).map_err(|why| Failure::text(why.to_string()))?;
        *spec.entry("hard").entry(key) = amount.to_string().into();
    }
    let scopes: Vec<&str> = session.flags.text("scopes").split(',').collect();
    if scopes != [""] {
        if scopes.contains(&"") {
            return Err(Failure::text("invalid resource quota scope \"\""));
        }
        spec.set("scopes", scopes);
    }
    let object =
        value!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec, "status": {}});
    KNOWN.make(session, object)
}
