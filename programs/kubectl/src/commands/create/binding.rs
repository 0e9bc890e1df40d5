//! `kubectl create rolebinding` and `kubectl create clusterrolebinding`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::session::Session;
use meta::{Value, value};

const GROUP: &str = "rbac.authorization.k8s.io";
const FLAGS: &[Flag] = &[
    flags::text("clusterrole"),
    flags::text("role"),
    flags::array("user"),
    flags::array("group"),
    flags::array("serviceaccount"),
];
const CLUSTER_FLAGS: &[Flag] =
    &[flags::text("clusterrole"), flags::array("user"), flags::array("group"), flags::array("serviceaccount")];

const KNOWN: Known = Known::new(GROUP, "v1", "rolebindings", "failed to create rolebinding:");
const CLUSTER: Known =
    Known::new(GROUP, "v1", "clusterrolebindings", "failed to create clusterrolebinding:").of_cluster();

pub const COMMAND: Command =
    Command::new("rolebinding", "Bind a role", "NAME --clusterrole=NAME|--role=NAME [--user=NAME] [--group=NAME]")
        .flags(&with(FLAGS))
        .run(rolebinding);

pub const CLUSTER_COMMAND: Command =
    Command::new("clusterrolebinding", "Bind a cluster role", "NAME --clusterrole=NAME [--user=NAME] [--group=NAME]")
        .flags(&with(CLUSTER_FLAGS))
        .required(&["clusterrole"])
        .run(clusterrolebinding);

fn rolebinding(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let (kind, role) = match (flags.text("role"), flags.text("clusterrole")) {
        (role, "") if !role.is_empty() => ("Role", role),
        ("", role) if !role.is_empty() => ("ClusterRole", role),
        _ => return Err(Failure::text("exactly one of clusterrole or role must be specified")),
    };
    KNOWN.make(session, binding(session, "RoleBinding", &name, kind, role)?)
}

fn clusterrolebinding(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    CLUSTER
        .make(session, binding(session, "ClusterRoleBinding", &name, "ClusterRole", session.flags.text("clusterrole"))?)
}

fn binding(session: &Session<'_>, kind: &str, name: &str, role_kind: &str, role: &str) -> Result<Value, Failure> {
    let mut object = value!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": {"name": name},
        "roleRef": {"apiGroup": GROUP, "kind": role_kind, "name": role}
    });
    let subjects = subjects(session)?;
    if !subjects.is_empty() {
        object.set("subjects", Value::List(subjects));
    }
    Ok(object)
}

fn subjects(session: &Session<'_>) -> Result<Vec<Value>, Failure> {
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in session.flags.list(flag) {
            subjects.push(value!({"kind": kind, "apiGroup": GROUP, "name": name}));
        }
    }
    for account in session.flags.list("serviceaccount") {
        let pair = account
            .split_once(':')
            .filter(|(space, name)| !space.is_empty() && !name.is_empty() && !name.contains(':'));
        let (namespace, name) = pair.ok_or_else(|| Failure::text("serviceaccount must be <namespace>:<name>"))?;
        subjects.push(value!({"kind": "ServiceAccount", "namespace": namespace, "name": name}));
    }
    Ok(subjects)
}
