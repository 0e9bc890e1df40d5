//! What every [`ApiClient`] must pass, in process or over HTTPS, against any server: a case gets a client and a
//! namespace of its own, and uses ConfigMaps alone.

mod caching;
mod reading;
mod stage;
mod watching;
mod writing;

pub use stage::Stage;

use futures::future::BoxFuture;

#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub run: fn(Stage) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($area:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        &[$($(Case { name: concat!(stringify!($area), "::", stringify!($case)), run: |stage| Box::pin($area::$case(stage)) }),*),*]
    };
}

pub const CASES: &[Case] = cases![
    reading: [what_is_absent_is_not_found, a_list_selects, pages_make_one_list, discovery_names_what_is_served],
    writing: [
        a_name_is_taken_once,
        a_generated_name_is_new,
        a_stale_update_conflicts,
        an_update_changes_nothing_twice,
        a_merge_patch_merges,
        a_deletion_keeps_its_precondition,
        a_finalizer_holds,
        a_collection_is_deleted,
    ],
    watching: [a_watch_from_a_list_has_no_gap, initial_events_end_with_a_bookmark, a_selector_sees_objects_come_and_go],
    caching: [a_cache_shows_what_was_written, two_followers_hear_the_same],
];

/// Runs every case, each with what `stage` makes for it: a client and the name of a namespace that exists.
pub async fn run<F: Future<Output = Stage>>(mut stage: impl FnMut(&'static str) -> F) {
    for case in CASES {
        (case.run)(stage(case.name).await).await;
    }
}
