//! What every runtime must do, as one list of cases. The subject must hold `Subject::image`, an image with busybox's
//! `sleep`, `echo`, `cat`, `true` and `false` on its path.

mod cases;
mod subject;

pub use subject::Subject;

use futures::future::BoxFuture;

/// One promise. A case panics with what was broken.
pub struct Case {
    pub name: &'static str,
    pub run: for<'a> fn(&'a Subject) -> BoxFuture<'a, ()>,
}

/// Every promise, in reading order.
pub const CASES: &[Case] = cases::ALL;

/// Runs all of them, each against the same subject.
pub async fn run(subject: &Subject) {
    for case in CASES {
        eprintln!("conformance: {}", case.name);
        (case.run)(subject).await;
    }
}
