//! What the server counts about itself, under upstream's names. Labels come from the table of rows and from closed lists,
//! so that no client can make series up.

mod asked;
mod histogram;
mod page;

pub(crate) use asked::{Asked, Manner};
pub(crate) use page::Inflight;

use histogram::Histogram;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Default)]
pub(crate) struct Metrics(Mutex<Series>);

#[derive(Default)]
struct Series {
    requests: BTreeMap<(Asked, u16), u64>,
    durations: BTreeMap<Asked, Histogram>,
}

impl Metrics {
    pub fn record(&self, asked: &Asked, code: u16, took: SignedDuration) {
        let mut series = self.0.lock().expect("no holder of this lock panics");
        *series.requests.entry((asked.clone(), code)).or_default() += 1;
        if !asked.is_long() {
            series.durations.entry(asked.clone()).or_default().observe(took.as_secs_f64());
        }
    }
}
