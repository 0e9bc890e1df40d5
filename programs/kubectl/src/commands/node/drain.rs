//! `kubectl drain`: a node is cordoned and its pods are evicted.

use super::drained_pods::on_node;
use super::{cordon, named};
use crate::change::{Change, DryRun};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, CHUNKS, DRY_RUN, Flag, SELECTOR};
use crate::session::Session;
use crate::targets::Target;
use crate::waiting::{Deadline, until_gone};
use crate::wire::Request;
use meta::{Value, quote, value};
use std::time::Duration;

const FLAGS: &[Flag] = &[
    flags::switch("force"),
    flags::switch("ignore-daemonsets"),
    flags::switch("delete-emptydir-data"),
    flags::number("grace-period", "-1"),
    flags::duration("timeout", "0s"),
    flags::text("pod-selector"),
    flags::switch("disable-eviction"),
    flags::number("skip-wait-for-delete-timeout", "0"),
];
/// How long a refused eviction waits before it is asked again.
const PAUSE: Duration = Duration::from_secs(5);
/// Years: no limit.
const FOREVER: i64 = i64::MAX / 2;

pub const COMMAND: Command =
    Command::new("drain", "Move the pods away from a node", "NODE").flags(&[FLAGS, CHUNKS, DRY_RUN, SELECTOR]).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let change = Change::of(session)?;
    if meta::selector::LabelSelector::parse(session.flags.text("pod-selector")).is_err() {
        return Err(Failure::text("--pod-selector=<pod_selector> must be a valid label selector"));
    }
    let nodes = named(session)?;
    if let Some(other) = nodes.iter().find(|node| !node.resource.is("", "Node")) {
        let resource = &other.resource;
        let shown = format!("{}/{}, Resource={}", resource.group, resource.version, resource.plural);
        return Err(Failure::text(format!("error: expected resource of type node, got {}", quote(&shown))));
    }
    cordon::mark(session, &change, &nodes, true)?;
    let mut failures = Vec::new();
    let mut pending = Vec::new();
    for node in &nodes {
        match empty(session, &change, node) {
            Ok(()) => change.tell(session, &node.object, "drained")?,
            Err(failure) => {
                let name = quote(&node.name);
                session
                    .warn(format!("error: unable to drain node {name} due to error: {failure}, continuing command..."));
                pending.push(node.name.as_str());
                failures.push(failure);
            }
        }
    }
    if !pending.is_empty() {
        session.warn("There are pending nodes to be drained:");
        pending.iter().for_each(|name| session.warn(format!(" {name}")));
    }
    Failure::all(failures)
}

fn empty(session: &Session<'_>, change: &Change, node: &Target) -> Result<(), Failure> {
    let sorted = on_node(session, &node.name)?;
    if !sorted.forbidden.is_empty() {
        return Err(Failure::Several(sorted.forbidden.into_iter().map(Failure::text).collect()));
    }
    if !sorted.warnings.is_empty() {
        session.warn(format!("Warning: {}", sorted.warnings.join("; ")));
    }
    if change.dry_run == DryRun::Client {
        for pod in &sorted.leaving {
            session.say(format!("evicting pod {} (dry run)", word(pod)));
        }
        return Ok(());
    }
    let outcome = Departure::of(session, change)?.all(&sorted.leaving);
    if let Err(failure) = &outcome {
        tell_pending(session, node, failure)?;
    }
    outcome
}

fn word(pod: &Value) -> String {
    format!("{}/{}", pod.str("metadata.namespace"), pod.str("metadata.name"))
}

fn tell_pending(session: &Session<'_>, node: &Target, failure: &Failure) -> Result<(), Failure> {
    let left = on_node(session, &node.name)?.leaving;
    if !left.is_empty() {
        let name = quote(&node.name);
        session.warn(format!("There are pending pods in node {name} when an error occurred: {failure}"));
        left.iter().for_each(|pod| session.warn(format!("pod/{}", pod.str("metadata.name"))));
    }
    Ok(())
}

/// How pods are made to go.
struct Departure<'s, 'c> {
    session: &'s Session<'c>,
    change: &'s Change,
    options: Value,
    deadline: Deadline,
}

impl<'s, 'c> Departure<'s, 'c> {
    fn of(session: &'s Session<'c>, change: &'s Change) -> Result<Departure<'s, 'c>, Failure> {
        let mut options = Value::map();
        let grace = session.flags.number("grace-period");
        if grace >= 0 {
            options.set("gracePeriodSeconds", grace);
        }
        if change.dry_run == DryRun::Server {
            options.set("dryRun", Value::from(vec!["All"]));
        }
        let timeout = match session.flags.duration("timeout") {
            0 => FOREVER,
            timeout => timeout,
        };
        Ok(Departure { session, change, options, deadline: Deadline::after(session, timeout) })
    }

    fn all(&self, pods: &[Value]) -> Result<(), Failure> {
        if self.session.flags.has("disable-eviction") {
            return self.delete(pods);
        }
        let mut failures = Vec::new();
        let mut leaving = Vec::new();
        for pod in pods {
            match self.evict(pod) {
                Ok(()) => leaving.push(pod),
                Err(failure) => failures.push(failure),
            }
        }
        if self.change.dry_run == DryRun::No {
            for pod in leaving {
                failures.extend(self.await_end(pod, "evicted").err());
            }
        }
        Failure::all(failures)
    }

    fn delete(&self, pods: &[Value]) -> Result<(), Failure> {
        for pod in pods {
            let path = self.target(pod)?.path();
            match self.session.door()?.call(Request::delete(path, &self.options)) {
                Err(failure) if !failure.is_not_found() => return Err(failure),
                _ => {}
            }
        }
        pods.iter().try_for_each(|pod| self.await_end(pod, "deleted"))
    }

    /// Asks until the eviction is granted: a budget may refuse it for a while.
    fn evict(&self, pod: &Value) -> Result<(), Failure> {
        let (namespace, name) = (pod.str("metadata.namespace"), pod.str("metadata.name"));
        let mark = if self.change.dry_run == DryRun::Server { " (server dry run)" } else { "" };
        let failing = format!("error when evicting pods/{} -n {}", quote(name), quote(namespace));
        let eviction = value!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": (self.options.clone())
        });
        loop {
            self.session.say(format!("evicting pod {}{mark}", word(pod)));
            self.session.console.flush();
            if self.deadline.passed(self.session) {
                let timeout = self.session.flags.text("timeout");
                return Err(Failure::text(format!("{failing}: global timeout reached: {timeout}")));
            }
            let path = format!("{}/eviction", self.target(pod)?.path());
            match self.session.door()?.call(Request::post(path, &eviction)) {
                Ok(_) => return Ok(()),
                Err(failure) if failure.is_not_found() => return Ok(()),
                Err(failure) if failure.has_reason("TooManyRequests") => {
                    self.session.warn(format!("{failing} (will retry after 5s): {failure}"));
                    self.session.door()?.block_on(async { tokio::time::sleep(PAUSE).await });
                }
                Err(failure) => return Err(Failure::text(format!("{failing}: {failure}"))),
            }
        }
    }

    fn await_end(&self, pod: &Value, operation: &str) -> Result<(), Failure> {
        let target = self.target(pod)?;
        let uid = pod.str("metadata.uid");
        until_gone(self.session, &target, uid, self.deadline).map_err(|failure| {
            let why = match self.deadline.passed(self.session) {
                true => "context deadline exceeded".to_string(),
                false => failure.to_string(),
            };
            let (name, namespace) = (quote(&target.name), quote(&target.namespace));
            Failure::text(format!("error when waiting for pod {name} in namespace {namespace} to terminate: {why}"))
        })?;
        let mut shown = pod.clone();
        shown.set("kind", "Pod");
        shown.set("apiVersion", "v1");
        self.change.tell(self.session, &shown, operation)?;
        self.session.console.flush();
        Ok(())
    }

    fn target(&self, pod: &Value) -> Result<Target, Failure> {
        let pods = self.session.discovery()?.find("pods")?;
        Ok(Target::of_object(pods, pod.clone(), ""))
    }
}
