//! Under every fault and clocks that disagree, there never are two leaders.

use super::*;
use client::fake::{FakeApi, Faults};
use clock::VirtualClock;
use jiff::SignedDuration;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

struct Term<'a>(&'a AtomicI32);

impl Drop for Term<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn stand(
    api: FakeApi,
    identity: String,
    clock: Arc<VirtualClock>,
    leaders: Arc<AtomicI32>,
    terms: Arc<AtomicU32>,
) {
    let mut elector = Elector::new(Arc::new(api), clock.clone(), "runner", &identity, LeaseTimes::default());
    loop {
        let work = async {
            let others = leaders.fetch_add(1, Ordering::SeqCst);
            let _term = Term(&leaders);
            assert_eq!(others, 0, "{identity} leads beside another");
            terms.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_secs(20 + clock.random() % 60)).await;
        };
        // Some leaders end their work; others fall silent without a word and come back much later.
        if clock.random().is_multiple_of(2) {
            elector.lead(work).await;
        } else if timeout(Duration::from_secs(30), elector.lead(work)).await.is_err() {
            sleep(Duration::from_secs(20)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_one_leader_at_most() {
    for seed in 0..8 {
        let clock = Arc::new(VirtualClock::new(seed));
        let api = FakeApi::new(clock.clone());
        let namespace = meta::value!({"metadata": {"name": "kube-system"}});
        api.create(&meta::Gvr::new("", "v1", "namespaces"), "", &namespace);
        api.set_faults(Faults::rough());
        let (leaders, terms) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicU32::new(0)));
        let candidates: Vec<_> = (0..3_u64)
            .map(|i| {
                let own = Arc::new(VirtualClock::new(seed * 10 + i));
                own.set_skew(SignedDuration::from_secs(i as i64 * 90 - 90));
                tokio::spawn(stand(api.clone(), format!("candidate-{i}"), own, leaders.clone(), terms.clone()))
            })
            .collect();
        sleep(Duration::from_secs(3600)).await;
        assert!(terms.load(Ordering::SeqCst) > 20, "seed {seed}: someone leads most of the time");
        for candidate in candidates {
            assert!(!candidate.is_finished(), "seed {seed}: a candidate failed");
            candidate.abort();
        }
    }
}
