//! The mistakes that can be planted to see whether the net finds them: etcd's own record of broken promises and the three
//! patterns of Sieve. Nothing but a simulation can switch them on: they live in wrappers around the ports.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    ApplyTorn,
    SyncsLie,
    ApplyRefused,
    ApplyTwice,
    ProgressAhead,
    WatchGoesBack,
    EventTwice,
    SlowWatchLoses,
    RevisionDecreases,
    CompactionDropsEvent,
    CompactedRead,
    CompactionHidesDelete,
    FutureWatch,
    WatchDropsEvents,
    IntermediateState,
    StaleState,
    UnobservedState,
}

/// A bug with where it is known from and how a run tells of it.
pub struct Known {
    pub bug: Bug,
    pub source: &'static str,
    pub what: &'static str,
    /// Part of the violation that names it.
    pub told: &'static [&'static str],
}

const fn known(bug: Bug, source: &'static str, what: &'static str, told: &'static [&'static str]) -> Known {
    Known { bug, source, what, told }
}

/// The record of etcd's robustness tests from top to bottom, then what a watch may do besides, then Sieve's patterns.
pub const KNOWN: &[Known] = &[
    known(
        Bug::ApplyTorn,
        "etcd 13766",
        "a crash in the middle of applying leaves a part of the last transaction out",
        &["was written by nobody", "an acknowledged"],
    ),
    known(
        Bug::SyncsLie,
        "etcd 14370",
        "a write is acknowledged before it is durable",
        &["the store stands at", "an acknowledged", "cannot be opened"],
    ),
    known(
        Bug::ApplyRefused,
        "etcd 14571",
        "a write that one member acknowledges is refused when it is applied",
        &["was given twice", "an acknowledged"],
    ),
    known(
        Bug::ApplyTwice,
        "etcd 14685",
        "after a crash the last transaction is applied once more",
        &["was written by nobody"],
    ),
    known(
        Bug::ProgressAhead,
        "etcd 15220",
        "a progress notification is sent ahead of the events that it promises",
        &["although it had come to"],
    ),
    known(
        Bug::WatchGoesBack,
        "etcd 15271",
        "a watch that resumes delivers what lies before the revision it was asked from",
        &["although it had come to", "went back"],
    ),
    known(Bug::EventTwice, "etcd 17247", "an event is delivered twice", &["twice", "although it had come to"]),
    known(Bug::SlowWatchLoses, "etcd 17529", "a watcher that reads slowly loses events", &["missed"]),
    known(
        Bug::RevisionDecreases,
        "etcd 17780",
        "a crash after a compaction sets the revision back",
        &["the store stands at", "is older than"],
    ),
    known(
        Bug::CompactionDropsEvent,
        "etcd 18089",
        "a compaction at a deletion drops its event from watches that have not read it",
        &["missed"],
    ),
    known(
        Bug::CompactedRead,
        "etcd 18667",
        "a compacted revision is read without an error",
        &["although everything before"],
    ),
    known(
        Bug::CompactionHidesDelete,
        "etcd 19179",
        "a watch opened at the compaction's own revision lacks its deletion",
        &["missed"],
    ),
    known(
        Bug::FutureWatch,
        "etcd 20221",
        "a watch from a future revision delivers earlier events",
        &["although it had come to"],
    ),
    known(
        Bug::WatchDropsEvents,
        "any cache",
        "a watch of the API swallows a change now and then",
        &["missed revision"],
    ),
    known(
        Bug::IntermediateState,
        "Sieve: intermediate state",
        "a controller that is cut off in the middle of its creations takes what it finds for all there is to do",
        &["running"],
    ),
    known(
        Bug::StaleState,
        "Sieve: stale state",
        "the garbage collector believes a cache that lags and asks nobody",
        &["was collected while its owner"],
    ),
    known(
        Bug::UnobservedState,
        "Sieve: unobserved state",
        "a controller counts on seeing every step of a pod and misses those that came to pass unseen",
        &["endpoints"],
    ),
];
