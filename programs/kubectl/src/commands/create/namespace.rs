//! `kubectl create namespace`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::session::Session;
use meta::value;

const KNOWN: Known = Known::new("", "v1", "namespaces", "").of_cluster();

pub const COMMAND: Command =
    Command::new("namespace", "Create a namespace", "NAME").aliases(&["ns"]).flags(&with(&[])).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let object =
        value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}, "status": {}});
    KNOWN.make(session, object)
}
