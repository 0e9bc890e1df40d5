use super::*;
use crate::suite::{self, Stage};
use clock::VirtualClock;

#[tokio::test(start_paused = true)]
async fn the_fake_passes_the_suite() {
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(1));
    let fake = FakeApi::new(clock.clone());
    suite::run(|case| {
        let namespace = case.replace("::", "-").replace('_', "-");
        let object = meta::value!({"metadata": {"name": (namespace.as_str())}});
        fake.create(&Gvr::new("", "v1", "namespaces"), "", &object);
        let stage = Stage { client: Arc::new(fake.clone()), clock: clock.clone(), namespace };
        async move { stage }
    })
    .await;
}
