//! Under every fault at once, a cache ends with exactly what the server holds, and its followers heard exactly the way
//! there.

use super::*;
use crate::fake::{FakeApi, Faults};
use crate::{Answer, Request};
use clock::VirtualClock;
use meta::{Gvr, value};
use std::collections::BTreeMap;
use std::time::Duration;

fn config_maps() -> Gvr {
    Gvr::new("", "v1", "configmaps")
}

async fn live_through(fake: &FakeApi, clock: &dyn Clock) {
    for step in 0..200 {
        let name = format!("c{}", clock.random() % 12);
        let key = Key::new("default", name.as_str());
        let request = match (fake.get(&config_maps(), &key), clock.random() % 3) {
            (None, _) => Request::create(config_maps(), "default", value!({"metadata": {"name": name}})),
            (Some(_), 0) => Request::delete(config_maps(), key),
            (Some(object), _) => {
                let mut changed = object.decode_value();
                changed.set("data.step", step.to_string());
                Request::update(config_maps(), key, changed)
            }
        };
        let _: Answer = fake.now(&request).unwrap();
        if step % 50 == 49 {
            fake.compact();
        }
        tokio::time::sleep(Duration::from_millis(clock.random() % 100)).await;
    }
}

/// What a follower believes after hearing everything that was told.
fn believe(changes: &mut Changes) -> BTreeMap<Key, u64> {
    let mut believed: BTreeMap<Key, u64> = BTreeMap::new();
    while let Ok(change) = changes.try_recv() {
        let revision = |object: &Option<Arc<Object>>| object.as_ref().map(|object| object.header.resource_version);
        assert_eq!(believed.get(&change.key).copied(), revision(&change.old), "{} was told in order", change.key);
        match revision(&change.new) {
            Some(new) => believed.insert(change.key, new),
            None => believed.remove(&change.key),
        };
    }
    believed
}

#[tokio::test(start_paused = true)]
async fn a_cache_converges_through_every_fault() {
    for seed in 0..20 {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(seed));
        let fake = FakeApi::new(clock.clone());
        fake.set_faults(Faults::rough());
        let cache = Cache::start(Arc::new(fake.clone()), clock.clone(), Source::all(config_maps()));
        let mut changes = cache.changes();
        live_through(&fake, &*clock).await;
        fake.set_faults(Faults::default());
        tokio::time::sleep(Duration::from_secs(60)).await;

        let held: BTreeMap<Key, u64> =
            fake.all(&config_maps()).iter().map(|object| (object.key(), object.header.resource_version)).collect();
        let shown = cache.snapshot();
        let seen: BTreeMap<Key, u64> =
            shown.iter().map(|(key, object)| (key.clone(), object.header.resource_version)).collect();
        assert_eq!(seen, held, "seed {seed}");
        assert_eq!(believe(&mut changes), held, "seed {seed}");
    }
}
