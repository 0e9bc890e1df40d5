//! What becomes of one family's slices, and how endpoints fill them.

use super::owns;
use super::slices::Identity;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

const MOST_ENDPOINTS: usize = 100;

pub(super) enum Kept {
    Unchanged(EndpointSlice),
    Changed(EndpointSlice),
    Emptied(EndpointSlice),
}

/// What becomes of one family's slices.
pub(super) struct Step {
    pub(super) create: Vec<EndpointSlice>,
    pub(super) update: Vec<EndpointSlice>,
    pub(super) delete: Vec<EndpointSlice>,
    pub(super) unchanged: Vec<EndpointSlice>,
}

impl Step {
    /// A slice that would go takes on what a new one would hold.
    pub(super) fn reuse(&mut self, service: &Service) {
        let mut gone = Vec::new();
        for old in std::mem::take(&mut self.delete) {
            match self.create.pop() {
                Some(new) if owns(service, &old) => {
                    self.update.push(EndpointSlice {
                        metadata: ObjectMeta { labels: new.metadata.labels, ..old.metadata },
                        ..new
                    });
                }
                unused => {
                    self.create.extend(unused);
                    gone.push(old);
                }
            }
        }
        self.delete = gone;
    }
}

pub(super) fn fill(slice: &mut EndpointSlice, endpoints: &mut BTreeMap<Identity, Endpoint>) {
    while slice.endpoints.len() < MOST_ENDPOINTS
        && let Some((_, endpoint)) = endpoints.pop_first()
    {
        slice.endpoints.push(endpoint);
    }
}

/// The slice that `count` more endpoints fill best.
pub(super) fn best_fit(slices: &[EndpointSlice], count: usize) -> Option<usize> {
    let left = |slice: &EndpointSlice| MOST_ENDPOINTS.checked_sub(count + slice.endpoints.len());
    let fitting = slices.iter().enumerate().filter_map(|(place, slice)| left(slice).map(|left| (left, place)));
    fitting.min().map(|(_, place)| place).filter(|_| count < MOST_ENDPOINTS)
}

pub(super) fn same_ports(a: &[EndpointPort], b: &[EndpointPort]) -> bool {
    a.len() == b.len() && a.iter().all(|port| b.contains(port))
}
