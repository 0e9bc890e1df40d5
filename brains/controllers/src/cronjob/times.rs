//! Which moment of a schedule is due: of several that were missed, the last.

use super::schedule::Schedule;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// More than so many are worth a warning.
const MANY: usize = 100;

pub(super) struct Due {
    pub(super) at: Timestamp,
    pub(super) too_many_missed: bool,
}

pub(super) fn due(earliest: Timestamp, now: Timestamp, schedule: &Schedule, zone: &TimeZone) -> Option<Due> {
    let mut at = schedule.after(earliest, zone).filter(|first| *first <= now)?;
    let mut missed = 1;
    while let Some(next) = schedule.after(at, zone).filter(|next| *next <= now) {
        missed += 1;
        at = next;
        if missed == MANY + 1 {
            at = latest(at, now, schedule, zone);
        }
    }
    Some(Due { at, too_many_missed: missed > MANY })
}

/// After a long time nobody counts: looks back from now, by more and more, for the last moment of the schedule.
fn latest(known: Timestamp, now: Timestamp, schedule: &Schedule, zone: &TimeZone) -> Timestamp {
    let mut back = jiff::SignedDuration::from_mins(1);
    loop {
        let from = now.saturating_sub(back).unwrap_or(Timestamp::MIN);
        if from <= known {
            return known;
        }
        match schedule.after(from, zone).filter(|found| *found <= now) {
            Some(found) => return found,
            None => back *= 2,
        }
    }
}
