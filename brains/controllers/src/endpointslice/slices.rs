//! Spreads endpoints over slices, touching as few of them as can be.

use super::hints::Hints;
use super::step::{Kept, Step, best_fit, fill, same_ports};
use super::{MANAGED_BY, MANAGER, SERVICE_NAME, endpoint, owns, ports};
use crate::template::{controller_reference, prefix};
use crate::{ownership, pods};
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use plan::{Moment, Plan, View};
use std::collections::BTreeMap;
use std::sync::Arc;

const HEADLESS: &str = "service.kubernetes.io/headless";
const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

pub(super) type Identity = (Vec<String>, Option<String>);

/// Endpoints that answer under the same ports, by what makes them the same one.
struct Group {
    ports: Vec<EndpointPort>,
    endpoints: BTreeMap<Identity, Endpoint>,
}

pub(super) struct Desired<'a> {
    service: &'a Service,
    moment: &'a Moment,
    /// Slices of a family that the Service has no more.
    existing: Vec<EndpointSlice>,
    create: Vec<EndpointSlice>,
    update: Vec<EndpointSlice>,
    delete: Vec<EndpointSlice>,
    trigger_time: Option<String>,
}

impl<'a> Desired<'a> {
    pub(super) fn new(service: &'a Service, existing: &[EndpointSlice], moment: &'a Moment) -> Desired<'a> {
        Desired {
            service,
            moment,
            existing: existing.to_vec(),
            create: Vec::new(),
            update: Vec::new(),
            delete: Vec::new(),
            trigger_time: None,
        }
    }

    /// Plans one family's slices. Says whether a pod was left out because its node has not been seen.
    pub(super) fn reconcile(&mut self, family: &str, pods: &[Arc<Pod>], seen: &View) -> bool {
        self.trigger_time = self.trigger_time.take().or_else(|| trigger_time(self.service, pods));
        let (groups, skipped) = self.groups(family, pods, seen);
        let of_family = |slice: &mut EndpointSlice| slice.address_type == family;
        let existing: Vec<EndpointSlice> = self.existing.extract_if(.., of_family).collect();
        let mut step = Step { update: Vec::new(), create: Vec::new(), delete: Vec::new(), unchanged: Vec::new() };
        let count = existing.len();
        let (mut mine, foreign): (Vec<_>, Vec<_>) = existing.into_iter().partition(|slice| owns(self.service, slice));
        step.delete = foreign;
        for group in groups {
            let of_group = |slice: &mut EndpointSlice| same_ports(slice.ports.as_deref().unwrap_or(&[]), &group.ports);
            let slices: Vec<EndpointSlice> = mine.extract_if(.., of_group).collect();
            self.spread(family, group, slices, &mut step);
        }
        step.delete.append(&mut mine);
        self.keep_a_placeholder(family, count, &mut step);
        self.give_hints(&mut step);
        step.reuse(self.service);
        self.create.append(&mut step.create);
        self.update.append(&mut step.update);
        self.delete.append(&mut step.delete);
        skipped
    }

    fn groups(&self, family: &str, pods: &[Arc<Pod>], seen: &View) -> (Vec<Group>, bool) {
        let publish = self.service.spec.as_ref().is_some_and(|spec| spec.publish_not_ready_addresses == Some(true));
        let mut groups: Vec<Group> = Vec::new();
        let mut skipped = false;
        for pod in pods.iter().filter(|pod| endpoint::may_answer(pod)) {
            let ports = ports::of(self.service, pod);
            let place = groups.iter().position(|group| group.ports == ports).unwrap_or_else(|| {
                groups.push(Group { ports, endpoints: BTreeMap::new() });
                groups.len() - 1
            });
            let node = seen.get::<Node>("", pods::node(pod));
            if node.is_none() && !publish {
                skipped = true;
                continue;
            }
            let found = endpoint::of(pod, node.as_deref(), self.service, family);
            if !found.addresses.is_empty() {
                groups[place].endpoints.insert(endpoint::identity(&found), found);
            }
        }
        (groups, skipped)
    }

    /// Endpoints stay where they are; new ones fill slices that change anyway, then one that they just fill, then new ones.
    fn spread(&self, family: &str, mut group: Group, slices: Vec<EndpointSlice>, step: &mut Step) {
        let mut unchanged = Vec::new();
        let mut update = Vec::new();
        for slice in slices {
            match self.keep(slice, &mut group.endpoints) {
                Kept::Unchanged(slice) => unchanged.push(slice),
                Kept::Changed(slice) => update.push(slice),
                Kept::Emptied(slice) => step.delete.push(slice),
            }
        }
        update.sort_by_key(|slice| std::cmp::Reverse(slice.endpoints.len()));
        for slice in &mut update {
            fill(slice, &mut group.endpoints);
        }
        while !group.endpoints.is_empty() {
            let place = best_fit(&unchanged, group.endpoints.len());
            let known = place.map(|place| unchanged.swap_remove(place));
            let is_known = known.is_some();
            let mut slice = known.unwrap_or_else(|| self.new_slice(family, group.ports.clone()));
            fill(&mut slice, &mut group.endpoints);
            if is_known { update.push(slice) } else { step.create.push(slice) }
        }
        step.unchanged.append(&mut unchanged);
        step.update.append(&mut update);
    }

    fn keep(&self, slice: EndpointSlice, wanted: &mut BTreeMap<Identity, Endpoint>) -> Kept {
        let mut kept = EndpointSlice { endpoints: Vec::new(), ..slice.clone() };
        let mut changed = false;
        for old in &slice.endpoints {
            if let Some(new) = wanted.remove(&endpoint::identity(old)) {
                changed |= !endpoint::says_the_same(old, &new);
                kept.endpoints.push(Endpoint { hints: old.hints.clone(), ..new });
            }
        }
        changed |= kept.endpoints.len() != slice.endpoints.len();
        kept.metadata.labels = Some(self.labels());
        if changed && kept.endpoints.is_empty() {
            return Kept::Emptied(slice);
        }
        if changed || kept.metadata.labels != slice.metadata.labels {
            Kept::Changed(kept)
        } else {
            Kept::Unchanged(slice)
        }
    }

    /// A Service without endpoints has one empty slice, so that it is told from one that nobody looked at.
    fn keep_a_placeholder(&self, family: &str, existing: usize, step: &mut Step) {
        if step.delete.len() != existing || !step.create.is_empty() {
            return;
        }
        let placeholder = self.new_slice(family, Vec::new());
        let is_placeholder = |slice: &EndpointSlice| {
            slice.endpoints.is_empty()
                && slice.ports.as_ref().is_none_or(Vec::is_empty)
                && slice.metadata.labels == placeholder.metadata.labels
                && owns(self.service, slice)
        };
        match &step.delete[..] {
            [only] if is_placeholder(only) => step.delete.clear(),
            _ => step.create.push(placeholder),
        }
    }

    fn give_hints(&self, step: &mut Step) {
        let hints = Hints::of(self.service);
        for slice in step.create.iter_mut().chain(&mut step.update) {
            hints.give(slice);
        }
        let changed = step.unchanged.extract_if(.., |slice| hints.give(slice));
        step.update.extend(changed);
    }

    fn new_slice(&self, family: &str, ports: Vec<EndpointPort>) -> EndpointSlice {
        EndpointSlice {
            metadata: ObjectMeta {
                generate_name: Some(prefix(self.service.metadata.name.as_deref().unwrap_or(""))),
                namespace: self.service.metadata.namespace.clone(),
                labels: Some(self.labels()),
                owner_references: Some(vec![controller_reference::<Service>(&self.service.metadata)]),
                ..ObjectMeta::default()
            },
            address_type: family.into(),
            endpoints: Vec::new(),
            ports: Some(ports),
        }
    }

    /// The Service's own labels, and what says whose and whose doing a slice is.
    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.service.metadata.labels.clone().unwrap_or_default();
        labels.remove(HEADLESS);
        let address = self.service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref()).unwrap_or("");
        if address.is_empty() || address == "None" {
            labels.insert(HEADLESS.into(), String::new());
        }
        labels.insert(SERVICE_NAME.into(), self.service.metadata.name.clone().unwrap_or_default());
        labels.insert(MANAGED_BY.into(), MANAGER.into());
        labels
    }

    pub(super) fn finish(mut self, plan: &mut Plan) {
        self.delete.append(&mut self.existing);
        if self.service.metadata.deletion_timestamp.is_none() {
            for (nth, slice) in self.create.iter().enumerate() {
                let mut slice = self.dated(slice);
                let base = slice.metadata.generate_name.clone().unwrap_or_default();
                slice.metadata.name = Some(self.moment.name(&base, nth).into());
                plan.create(slice.metadata.namespace.as_deref().unwrap_or(""), &slice);
                plan.event_if_refused(self.service, "FailedToUpdateEndpointSlices", self.failure("create"));
            }
        }
        for slice in &self.update {
            plan.update(ownership::key(&slice.metadata), &self.dated(slice));
            plan.event_if_refused(self.service, "FailedToUpdateEndpointSlices", self.failure("update"));
        }
        for slice in &self.delete {
            plan.delete::<EndpointSlice>(ownership::key(&slice.metadata), slice.metadata.uid.as_deref());
        }
    }

    fn failure(&self, verb: &str) -> String {
        let service = ownership::key(&self.service.metadata);
        format!(
            "Error updating Endpoint Slices for Service {service}: failed to {verb} EndpointSlice for Service {service}: "
        )
    }

    fn dated(&self, slice: &EndpointSlice) -> EndpointSlice {
        let mut slice = slice.clone();
        if let Some(time) = &self.trigger_time {
            slice.metadata.annotations.get_or_insert_default().insert(TRIGGER_TIME.into(), time.clone());
        }
        slice
    }
}

/// When what the slices show came to be so: the latest moment that a pod, or the Service, tells of.
fn trigger_time(service: &Service, pods: &[Arc<Pod>]) -> Option<String> {
    let created = service.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let told = pods.iter().flat_map(|pod| {
        let deleted = pod.metadata.deletion_timestamp.as_ref().map(|time| time.0);
        [pods::ready_since(pod), deleted]
    });
    told.flatten().chain(created).max().map(|time| time.to_string())
}
