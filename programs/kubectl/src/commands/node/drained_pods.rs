//! Which pods leave a node that is drained, and why others stay.

use crate::failure::Failure;
use crate::session::Session;
use crate::targets::Query;
use meta::Value;

const MIRROR: &str = "kubernetes.io/config.mirror";

/// What a drain does about one pod.
#[derive(Debug, PartialEq)]
pub enum Fate {
    Leaves,
    LeavesWithWarning(String),
    Stays,
    StaysWithWarning(String),
    Forbids(String),
}

/// What the command line allows.
#[derive(Default)]
pub struct Allowed {
    pub force: bool,
    pub ignore_daemon_sets: bool,
    pub delete_empty_dirs: bool,
    pub skip_after_seconds: i64,
}

impl Allowed {
    pub fn of(session: &Session<'_>) -> Allowed {
        let flags = &session.flags;
        Allowed {
            force: flags.has("force"),
            ignore_daemon_sets: flags.has("ignore-daemonsets"),
            delete_empty_dirs: flags.has("delete-emptydir-data"),
            skip_after_seconds: flags.number("skip-wait-for-delete-timeout"),
        }
    }

    /// The verdict of the last filter that was asked; the first one that keeps a pod is the last.
    pub fn fate(
        &self,
        pod: &Value,
        now: jiff::Timestamp,
        daemon_set: &dyn Fn(&str, &str) -> Result<(), Failure>,
    ) -> Fate {
        let filters = [
            self.leaving(pod, now),
            self.of_daemon_set(pod, daemon_set),
            self.mirror(pod),
            self.local_data(pod),
            self.unmanaged(pod),
        ];
        let mut last = Fate::Leaves;
        for fate in filters {
            last = fate;
            if !matches!(last, Fate::Leaves | Fate::LeavesWithWarning(_)) {
                break;
            }
        }
        last
    }

    fn leaving(&self, pod: &Value, now: jiff::Timestamp) -> Fate {
        let since = pod.at("metadata.deletionTimestamp").as_str().and_then(meta::Time::parse);
        let long_ago = since.is_some_and(|since| now.duration_since(since.0).as_secs() > self.skip_after_seconds);
        if self.skip_after_seconds > 0 && long_ago { Fate::Stays } else { Fate::Leaves }
    }

    fn of_daemon_set(&self, pod: &Value, daemon_set: &dyn Fn(&str, &str) -> Result<(), Failure>) -> Fate {
        let owner = controller(pod).filter(|one| one.str("kind") == "DaemonSet" && one.str("apiVersion") == "apps/v1");
        let Some(owner) = owner.filter(|_| !has_ended(pod)) else { return Fate::Leaves };
        match daemon_set(pod.str("metadata.namespace"), owner.str("name")) {
            Err(failure) if failure.is_not_found() && self.force => Fate::LeavesWithWarning(failure.to_string()),
            Err(failure) => Fate::Forbids(failure.to_string()),
            Ok(()) if self.ignore_daemon_sets => Fate::StaysWithWarning("ignoring DaemonSet-managed Pods".into()),
            Ok(()) => Fate::Forbids("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".into()),
        }
    }

    fn mirror(&self, pod: &Value) -> Fate {
        if pod.at("metadata.annotations").get(MIRROR).is_null() { Fate::Leaves } else { Fate::Stays }
    }

    fn local_data(&self, pod: &Value) -> Fate {
        let has_data = pod.items("spec.volumes").iter().any(|volume| !volume.get("emptyDir").is_null());
        match (has_data && !has_ended(pod), self.delete_empty_dirs) {
            (false, _) => Fate::Leaves,
            (true, true) => Fate::LeavesWithWarning("deleting Pods with local storage".into()),
            (true, false) => Fate::Forbids("Pods with local storage (use --delete-emptydir-data to override)".into()),
        }
    }

    fn unmanaged(&self, pod: &Value) -> Fate {
        match (has_ended(pod) || controller(pod).is_some(), self.force) {
            (true, _) => Fate::Leaves,
            (false, true) => Fate::LeavesWithWarning("deleting Pods that declare no controller".into()),
            (false, false) => Fate::Forbids("Pods that declare no controller (use --force to override)".into()),
        }
    }
}

fn controller(pod: &Value) -> Option<&Value> {
    pod.items("metadata.ownerReferences").iter().find(|owner| owner.bool("controller"))
}

fn has_ended(pod: &Value) -> bool {
    matches!(pod.str("status.phase"), "Succeeded" | "Failed")
}

pub struct Sorted {
    pub leaving: Vec<Value>,
    /// One text for each reason, with the pods behind it.
    pub warnings: Vec<String>,
    pub forbidden: Vec<String>,
}

pub fn on_node(session: &Session<'_>, node: &str) -> Result<Sorted, Failure> {
    let (allowed, discovery) = (Allowed::of(session), session.discovery()?);
    let pods = discovery.find("pods")?;
    let query = Query {
        selector: session.flags.text("pod-selector").to_string(),
        field_selector: format!("spec.nodeName={node}"),
        chunk: session.flags.number("chunk-size"),
        ..Query::default()
    };
    let list = crate::targets::list(&query, session, &pods, "")?;
    let daemon_set = |namespace: &str, name: &str| {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}");
        session.door()?.call(crate::wire::Request::get(path)).map(drop)
    };
    let mut leaving = Vec::new();
    let (mut warnings, mut forbidden) = (Vec::new(), Vec::new());
    for pod in list.items("items") {
        let fate = allowed.fate(pod, session.now(), &daemon_set);
        if matches!(fate, Fate::Leaves | Fate::LeavesWithWarning(_)) {
            leaving.push(pod.clone());
        }
        match fate {
            Fate::LeavesWithWarning(why) | Fate::StaysWithWarning(why) => gather(&mut warnings, why, pod),
            Fate::Forbids(why) => gather(&mut forbidden, format!("cannot delete {why}"), pod),
            Fate::Leaves | Fate::Stays => {}
        }
    }
    Ok(Sorted { leaving, warnings: told(warnings), forbidden: told(forbidden) })
}

fn gather(reasons: &mut Vec<(String, Vec<String>)>, why: String, pod: &Value) {
    let word = format!("{}/{}", pod.str("metadata.namespace"), pod.str("metadata.name"));
    match reasons.iter_mut().find(|(known, _)| *known == why) {
        Some((_, pods)) => pods.push(word),
        None => reasons.push((why, vec![word])),
    }
}

fn told(reasons: Vec<(String, Vec<String>)>) -> Vec<String> {
    reasons.into_iter().map(|(why, pods)| format!("{why}: {}", pods.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn pods_leave_or_stay() {
        let owned = |kind: &str| {
            value!({"metadata": {"namespace": "n", "ownerReferences": [
            {"kind": kind, "apiVersion": "apps/v1", "name": "x", "controller": true}]}, "spec": {}})
        };
        let mut with_data = owned("ReplicaSet");
        with_data.set("spec.volumes", value!([{"name": "v", "emptyDir": {}}]));
        let mut ended = value!({"metadata": {}, "status": {"phase": "Succeeded"}});
        ended.set("spec.volumes", value!([{"name": "v", "emptyDir": {}}]));
        let mut mirror = value!({"metadata": {"annotations": {}}});
        *mirror.entry("metadata").entry("annotations").entry(MIRROR) = "x".into();
        let strict = Allowed::default();
        let lenient = Allowed { force: true, ignore_daemon_sets: true, delete_empty_dirs: true, skip_after_seconds: 0 };
        type Fits = fn(&Fate) -> bool;
        let cases: [(Value, Fits, Fits); 6] = [
            (owned("ReplicaSet"), |fate| *fate == Fate::Leaves, |fate| *fate == Fate::Leaves),
            (
                owned("DaemonSet"),
                |fate| matches!(fate, Fate::Forbids(_)),
                |fate| matches!(fate, Fate::StaysWithWarning(_)),
            ),
            // The last filter has no complaint about what a controller owns, and its word is the last.
            (with_data, |fate| matches!(fate, Fate::Forbids(_)), |fate| *fate == Fate::Leaves),
            (ended, |fate| *fate == Fate::Leaves, |fate| *fate == Fate::Leaves),
            (mirror, |fate| *fate == Fate::Stays, |fate| *fate == Fate::Stays),
            (
                value!({"metadata": {}}),
                |fate| matches!(fate, Fate::Forbids(_)),
                |fate| matches!(fate, Fate::LeavesWithWarning(_)),
            ),
        ];
        for (pod, when_strict, when_lenient) in cases {
            let now = jiff::Timestamp::UNIX_EPOCH;
            assert!(when_strict(&strict.fate(&pod, now, &|_, _| Ok(()))), "{pod}");
            assert!(when_lenient(&lenient.fate(&pod, now, &|_, _| Ok(()))), "{pod}");
        }
    }
}
