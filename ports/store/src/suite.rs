//! The conformance suite: what every engine must pass, as a library.
//!
//! An engine's test gives a [`Harness`] to [`run`]. Each case gets a store that need not be empty (a shared etcd keeps
//! counting) and a prefix of its own below which nothing lies. The cases are etcd's own bug record turned into tests,
//! the law of strict serializability under concurrency, and a random walk beside a plain oracle.

mod compaction;
mod concurrent;
mod expiry;
mod follower;
mod oracle;
mod random;
mod reads;
mod stage;
mod txns;
mod watches;

pub use follower::Follower;
pub use oracle::Oracle;
pub use stage::{Harness, Stage};

use futures::future::BoxFuture;
use std::sync::Arc;

#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub run: fn(Stage) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($area:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        &[$($(Case {
            name: concat!(stringify!($area), "::", stringify!($case)),
            run: |stage| Box::pin($area::$case(stage)),
        }),*),*]
    };
}

pub const CASES: &[Case] = cases![
    reads: [
        an_empty_prefix_has_nothing,
        a_record_tells_its_life,
        the_past_stays_readable,
        a_future_revision_is_refused,
        a_range_is_ordered_and_bounded,
        a_range_shows_what_was_wanted,
        pages_at_one_revision_are_one_snapshot,
        values_and_keys_of_any_shape,
    ],
    txns: [
        a_create_succeeds_once,
        an_update_needs_the_revision_it_read,
        every_expectation,
        several_keys_share_one_revision,
        nothing_happens_in_part,
        a_failed_compare_reads_the_named_keys,
        what_changes_nothing_makes_no_revision,
        a_key_may_be_written_once,
        a_new_life_counts_anew,
    ],
    watches: [
        events_come_in_order_and_once,
        one_revision_is_one_batch,
        a_watch_begins_where_it_was_told,
        a_watch_from_now_sees_no_past,
        a_watch_from_the_future_waits,
        previous_values_are_those_replaced,
        other_prefixes_stay_silent,
        a_resumed_watch_has_no_gap_and_no_duplicate,
        a_mark_is_never_ahead_of_events,
        an_idle_watch_is_told_of_progress,
        a_slow_reader_loses_nothing,
        a_snapshot_and_its_watch_join_without_seam,
    ],
    compaction: [
        the_compacted_past_is_refused,
        the_compacted_revision_itself_stays,
        a_watch_from_the_compacted_past_is_refused,
        a_delete_at_the_compaction_is_still_watched,
        a_watcher_sees_a_delete_that_is_compacted_at_once,
        a_reader_left_behind_is_told,
        an_idle_watch_outlives_compaction,
        compaction_moves_forward_only,
        a_deleted_key_can_return,
    ],
    expiry: [a_key_ends_in_its_time, a_later_put_decides, an_ended_key_can_return],
    concurrent: [
        increments_are_never_lost,
        calls_are_strictly_serializable,
        writers_compactors_and_watchers,
    ],
    random: [walks_beside_the_oracle],
];

/// Runs every case, one after the other. The name of the case at work is printed: a panic is then easy to place.
pub async fn run(harness: Arc<dyn Harness>) {
    for case in CASES {
        println!("case {}", case.name);
        let stage = Stage::open(&harness).await;
        (case.run)(stage).await;
    }
}
