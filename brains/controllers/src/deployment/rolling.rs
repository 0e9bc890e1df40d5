//! The rolling update: up as far as the surge allows, down as far as availability allows, and what is left of history.

use super::annotations;
use super::rollout::Rollout;
use plan::View;

impl Rollout<'_> {
    pub(super) fn roll(&mut self, seen: &View) {
        self.sync_revision(true, seen);
        let Some(new) = self.new else { return };
        let moved = self.scale_up_new(new) || self.scale_down_old(new);
        if !moved && self.is_complete(&self.original.status.clone().unwrap_or_default()) {
            self.clean_up();
        }
        self.show_rollout();
    }

    fn scale_up_new(&mut self, new: usize) -> bool {
        let present = self.sets[new].replicas();
        let size = if present > self.replicas() { self.replicas() } else { self.new_set_size(new) };
        present != self.replicas() && self.scale_if_needed(new, size)
    }

    fn scale_down_old(&mut self, new: usize) -> bool {
        let olds = self.active(self.olds());
        if olds.is_empty() {
            return false;
        }
        let least = self.replicas() - self.max_unavailable();
        let not_yet = self.sets[new].replicas() - self.sets[new].available();
        let room = self.total() - least - not_yet;
        if room <= 0 {
            return false;
        }
        // Those that do not work go first: they would hold up everything and help nobody.
        let unhealthy = self.remove_unhealthy(&olds, room);
        let healthy = self.remove_healthy(&olds, new, least);
        unhealthy + healthy > 0
    }

    fn remove_unhealthy(&mut self, olds: &[usize], most: i32) -> i32 {
        let mut removed = 0;
        for place in olds {
            let (present, available) = (self.sets[*place].replicas(), self.sets[*place].available());
            let surplus = (most - removed).min(present - available);
            if surplus > 0 {
                self.scale_if_needed(*place, present - surplus);
                removed += surplus;
            }
        }
        removed
    }

    fn remove_healthy(&mut self, olds: &[usize], new: usize, least: i32) -> i32 {
        let available: i32 = olds.iter().chain([&new]).map(|place| self.sets[*place].available()).sum();
        let most = available - least;
        let mut removed = 0;
        for place in olds {
            let present = self.sets[*place].replicas();
            let surplus = (most - removed).min(present);
            if surplus > 0 {
                self.scale_if_needed(*place, present - surplus);
                removed += surplus;
            }
        }
        removed
    }

    /// Keeps the last few revisions to go back to.
    pub(super) fn clean_up(&mut self) {
        let Some(limit) = self.spec().revision_history_limit.filter(|limit| *limit != i32::MAX) else { return };
        let alive = |place: &usize| self.sets[*place].set.metadata.deletion_timestamp.is_none();
        let mut olds: Vec<usize> = self.olds().filter(alive).collect();
        let surplus = olds.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        olds.sort_by_key(|place| annotations::revision(&self.sets[*place].set.metadata));
        let ended: Vec<usize> = olds.into_iter().take(surplus).filter(|place| self.sets[*place].is_empty()).collect();
        for place in ended {
            self.sets[place].delete = true;
        }
    }
}
