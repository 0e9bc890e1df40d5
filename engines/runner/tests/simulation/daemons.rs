//! A DaemonSet has one pod on each node, before and after its template changes.

use crate::nodes::NAMES;
use crate::world::{World, pods, resource};
use meta::{Key, Value, value};
use std::collections::BTreeMap;

fn daemon_set(surge: i64) -> Value {
    value!({
        "metadata": {"name": "agent"},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "revisionHistoryLimit": 1_i64,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": (1 - surge), "maxSurge": surge}},
            "template": {
                "metadata": {"labels": {"app": "agent"}},
                "spec": {"containers": [{"name": "c", "image": "agent:0"}]}
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn every_node_has_one_pod_of_the_last_template() {
    for seed in 0..4 {
        for surge in [0, 1] {
            let mut world = World::begin(seed).await;
            let (sets, key) = (resource("apps", "daemonsets"), Key::new("shop", "agent"));
            world.create(&sets, "shop", &daemon_set(surge));
            world.suffer(20).await;
            for image in ["agent:1", "agent:2", "agent:3"] {
                world.change(&sets, &key, |set| {
                    let template = value!({"containers": [{"name": "c", "image": image}]});
                    set.set("spec.template.spec", template);
                });
                world.suffer(20).await;
            }
            world.calm().await;
            let all = world.in_namespace(&pods(), "shop");
            let images: BTreeMap<String, String> = all
                .iter()
                .map(|pod| pod.value())
                .map(|pod| (pod.str("spec.nodeName").into(), pod.items("spec.containers")[0].str("image").into()))
                .collect();
            let expected: BTreeMap<String, String> = NAMES.map(|node| (node.into(), "agent:3".into())).into();
            assert_eq!((images, all.len()), (expected, NAMES.len()), "seed {seed} surge {surge}");
            let revisions = world.in_namespace(&resource("apps", "controllerrevisions"), "shop");
            assert_eq!(revisions.len(), 2, "seed {seed} surge {surge}: the present one and one to go back to");
            let found = world.api.get(&sets, &key).unwrap().decode_value();
            assert_eq!((found.int("status.numberAvailable"), found.int("status.updatedNumberScheduled")), (2, 2));
        }
    }
}
