//! Recreation: everything old ends before anything new begins.

use super::rollout::Rollout;
use crate::pods;
use k8s_openapi::api::core::v1::Pod;
use plan::View;

impl Rollout<'_> {
    pub(super) fn recreate(&mut self, seen: &View) {
        self.sync_revision(false, seen);
        let mut scaled = false;
        for place in self.active(self.olds()) {
            scaled |= self.scale_if_needed(place, 0);
        }
        if scaled || self.old_pods_run(seen) {
            self.show_rollout();
            return;
        }
        if self.new.is_none() {
            self.sync_revision(true, seen);
        }
        let Some(new) = self.new else { return };
        self.scale_if_needed(new, self.replicas());
        if self.is_complete(&self.original.status.clone().unwrap_or_default()) {
            self.clean_up();
        }
        self.show_rollout();
    }

    fn old_pods_run(&self, seen: &View) -> bool {
        self.olds().any(|place| {
            let set = &self.sets[place].set;
            let shown = set.status.as_ref().map_or(0, |status| status.replicas);
            let uid = set.metadata.uid.as_deref().unwrap_or("");
            shown > 0 || seen.owned_by::<Pod>(uid).any(|pod| !pods::is_terminal(&pod))
        })
    }
}
