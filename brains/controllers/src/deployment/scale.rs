//! Scaling, apart from rolling: one active set takes everything; several share in proportion to their size.

use super::annotations;
use super::rollout::Rollout;
use plan::View;

impl Rollout<'_> {
    /// Whether some set was made for another number of replicas.
    pub(super) fn was_scaled(&mut self, seen: &View) -> bool {
        self.sync_revision(false, seen);
        let desired = |place: &usize| annotations::size(&self.sets[*place].set.metadata, annotations::DESIRED_REPLICAS);
        let active = self.active(0..self.sets.len());
        active.iter().filter_map(desired).any(|desired| desired != self.replicas())
    }

    /// What a paused Deployment, and one that was scaled, does: no rollout.
    pub(super) fn scale_only(&mut self, seen: &View) {
        self.sync_revision(false, seen);
        self.scale();
        if self.spec().paused == Some(true) && super::rollback::wanted(self.original).is_none() {
            self.clean_up();
        }
        self.show_counts();
    }

    fn scale(&mut self) {
        if let Some(place) = self.active_or_latest() {
            self.scale_if_needed(place, self.replicas());
        } else if self.is_saturated() {
            for place in self.active(self.olds()) {
                self.scale_if_needed(place, 0);
            }
        } else if self.is_rolling_update() {
            self.scale_in_proportion();
        }
    }

    /// The one active set; where none is active, the new or else the youngest one.
    fn active_or_latest(&self) -> Option<usize> {
        let active = self.active(0..self.sets.len());
        match active[..] {
            [] => self.new.or_else(|| self.olds().next_back()),
            [only] => Some(only),
            _ => None,
        }
    }

    fn is_saturated(&self) -> bool {
        let all = self.replicas();
        self.new.map(|place| &self.sets[place]).is_some_and(|new| {
            let desired = annotations::size(&new.set.metadata, annotations::DESIRED_REPLICAS);
            new.replicas() == all && desired == Some(all) && new.available() == all
        })
    }

    /// The larger a set, the larger its share; what rounding leaves goes to the largest.
    fn scale_in_proportion(&mut self) {
        let mut places = self.active(0..self.sets.len());
        let allowed = if self.replicas() > 0 { self.replicas() + self.max_surge() } else { 0 };
        let to_add = allowed - places.iter().map(|place| self.sets[*place].replicas()).sum::<i32>();
        // Of equal sizes the newer grows first, and the older shrinks first. Places are oldest first.
        if to_add > 0 {
            places.reverse();
        }
        places.sort_by_key(|place| std::cmp::Reverse(self.sets[*place].replicas()));
        let mut added = 0;
        let mut sizes = Vec::new();
        for place in &places {
            let share = self.share(*place, to_add, added);
            added += share;
            sizes.push(self.sets[*place].replicas() + share);
        }
        if let Some(largest) = sizes.first_mut() {
            *largest = (*largest + to_add - added).max(0);
        }
        for (place, size) in places.into_iter().zip(sizes) {
            self.scale_set(place, size);
        }
    }

    fn share(&self, place: usize, to_add: i32, added: i32) -> i32 {
        let left = to_add - added;
        if to_add == 0 || left == 0 {
            return 0;
        }
        let fraction = self.fraction(place);
        if to_add > 0 { fraction.min(left) } else { fraction.max(left) }
    }

    /// By how much a set grows if it keeps its part of the whole.
    fn fraction(&self, place: usize) -> i32 {
        let present = self.sets[place].replicas();
        if self.replicas() == 0 {
            return -present;
        }
        let most = self.replicas() + self.max_surge();
        let before = annotations::size(&self.sets[place].set.metadata, annotations::MAX_REPLICAS);
        let shown = self.original.status.as_ref().and_then(|status| status.replicas).unwrap_or(0);
        let before = before.filter(|size| *size != 0).unwrap_or(shown);
        if before == 0 {
            return 0;
        }
        let size = f64::from(present) * f64::from(most) / f64::from(before);
        size.round() as i32 - present
    }
}
