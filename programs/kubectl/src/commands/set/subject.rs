//! `kubectl set subject`.

use super::{check, edit_all, find, unable, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, array};
use crate::session::Session;
use crate::targets::Target;
use meta::{Value, value};
use std::collections::BTreeSet;

const FLAGS: &[Flag] = &[array("user"), array("group"), array("serviceaccount")];
const RBAC: &str = "rbac.authorization.k8s.io";

pub const COMMAND: Command =
    Command::new("subject", "Add subjects to a role's binding", "(-f FILE | TYPE NAME) [--user=NAME] [--group=NAME]")
        .flags(&with(FLAGS))
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let targets = find(session, session.arguments().to_vec())?;
    check(session)?;
    let subjects = subjects(session, &targets)?;
    edit_all(session, &targets, "failed to patch subjects to rolebinding: ", &mut |target, object| {
        if !matches!(target.kind(), (RBAC, "RoleBinding" | "ClusterRoleBinding")) {
            return Err(unable(target, "setting subjects is only supported for RoleBinding/ClusterRoleBinding"));
        }
        let mut all = object.items("subjects").to_vec();
        let missing: Vec<Value> = subjects.iter().filter(|subject| !all.contains(subject)).cloned().collect();
        all.extend(missing);
        object.set("subjects", Value::List(all));
        Ok(())
    })
}

fn subjects(session: &Session<'_>, targets: &[Target]) -> Result<Vec<Value>, Failure> {
    let names = |flag: &str| session.flags.list(flag).iter().map(String::as_str).collect::<BTreeSet<_>>();
    let accounts = names("serviceaccount");
    let of_group = |kind: &'static str| move |name: &str| value!({"kind": kind, "apiGroup": RBAC, "name": name});
    let mut subjects: Vec<Value> = names("user").into_iter().map(of_group("User")).collect();
    subjects.extend(names("group").into_iter().map(of_group("Group")));
    if subjects.is_empty() && accounts.is_empty() {
        return Err(Failure::text("you must specify at least one value of user, group or serviceaccount"));
    }
    for account in accounts {
        let invalid = || Failure::text("serviceaccount must be <namespace>:<name>");
        let (namespace, name) =
            account.split_once(':').filter(|(_, name)| !name.is_empty() && !name.contains(':')).ok_or_else(invalid)?;
        if namespace.is_empty() && targets.iter().any(|target| target.resource.kind == "ClusterRoleBinding") {
            return Err(Failure::text("serviceaccount must be <namespace>:<name>, namespace must be specified"));
        }
        let namespace = if namespace.is_empty() { session.namespace()? } else { namespace.to_string() };
        subjects.push(value!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
    }
    Ok(subjects)
}
