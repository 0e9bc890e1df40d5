//! `kubectl create serviceaccount`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::session::Session;
use meta::value;

const KNOWN: Known = Known::new("", "v1", "serviceaccounts", "failed to create serviceaccount:");

pub const COMMAND: Command =
    Command::new("serviceaccount", "Create a service account", "NAME").aliases(&["sa"]).flags(&with(&[])).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    KNOWN.make(session, value!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}))
}
