//! `kubectl set serviceaccount`.

use super::{check, edit_all, find, pod_spec, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::session::Session;

pub const COMMAND: Command =
    Command::new("serviceaccount", "Set the service account of pods", "(-f FILE | TYPE NAME) ACCOUNT")
        .aliases(&["sa"])
        .flags(&with(&[]))
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    check(session)?;
    let Some((account, resources)) = session.arguments().split_last() else {
        return Err(Failure::text("serviceaccount is required"));
    };
    let targets = find(session, resources.to_vec())?;
    edit_all(session, &targets, "failed to patch ServiceAccountName ", &mut |target, object| {
        let spec = pod_spec(target, object)?;
        spec.set("serviceAccountName", account.as_str());
        // The server keeps the old name of the field beside the new one.
        spec.remove("serviceAccount");
        Ok(())
    })
}
