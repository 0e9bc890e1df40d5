//! Random graphs of owners, random deletions: what has an owner left stays, what has none goes, and what an owner
//! orphaned stays with no owner.

use crate::world::{World, resource};
use client::DeleteOptions;
use meta::{Gvr, Key, Value, value};
use plan::Propagation;
use std::collections::{BTreeMap, BTreeSet};

fn maps() -> Gvr {
    resource("", "configmaps")
}

/// A graph without cycles: an object's owners have lower numbers. Owners that never were stand for the dangling ones.
fn grow(world: &World, size: usize) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut graph = BTreeMap::new();
    let mut uids: Vec<String> = Vec::new();
    for i in 0..size {
        let owners: BTreeSet<usize> =
            (0..world.clock.random() % 3).filter(|_| i > 0).map(|_| world.clock.random() as usize % i).collect();
        let references = owners.iter().map(|owner| {
            value!({"apiVersion": "v1", "kind": "ConfigMap", "name": (format!("o{owner}")), "uid": (uids[*owner].as_str()),
                "blockOwnerDeletion": (world.clock.random().is_multiple_of(2))})
        });
        let mut object = value!({"metadata": {"name": (format!("o{i}"))}});
        object.set("metadata.ownerReferences", Value::List(references.collect()));
        uids.push(world.create(&maps(), "shop", &object).header.uid.to_string());
        graph.insert(i, owners);
    }
    graph
}

fn name(i: usize) -> Key {
    Key::new("shop", format!("o{i}"))
}

/// Takes an object out of the graph as its propagation says.
fn oracle(graph: &mut BTreeMap<usize, BTreeSet<usize>>, gone: usize, propagation: Propagation) {
    graph.remove(&gone);
    let dependents: Vec<usize> = graph.iter().filter(|(_, owners)| owners.contains(&gone)).map(|(i, _)| *i).collect();
    for dependent in dependents {
        let owners = graph.get_mut(&dependent).unwrap();
        owners.remove(&gone);
        if owners.is_empty() && propagation != Propagation::Orphan {
            oracle(graph, dependent, Propagation::Background);
        }
    }
}

fn standing(world: &World) -> BTreeMap<usize, BTreeSet<usize>> {
    let number = |name: &str| name.strip_prefix('o').and_then(|number| number.parse::<usize>().ok());
    let objects = world.in_namespace(&maps(), "shop");
    let ours = objects.iter().filter_map(|object| Some((number(&object.header.name)?, object)));
    ours.map(|(i, object)| {
        let owners = object.header.owner_references.iter().filter_map(|owner| number(&owner.name));
        (i, owners.collect())
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn what_has_an_owner_stays_and_what_has_none_goes() {
    for seed in 0..12 {
        let mut world = World::begin(seed).await;
        let mut graph = grow(&world, 30);
        world.suffer(5).await;
        for _ in 0..4 {
            let ways = [Propagation::Background, Propagation::Foreground, Propagation::Orphan];
            let way = ways[world.clock.random() as usize % ways.len()];
            let places: Vec<usize> = graph.keys().copied().collect();
            let gone = places[world.clock.random() as usize % places.len()];
            world.delete(&maps(), &name(gone), DeleteOptions { propagation: Some(way), ..DeleteOptions::default() });
            oracle(&mut graph, gone, way);
            world.suffer(10).await;
            world.calm().await;
            assert_eq!(standing(&world), graph, "seed {seed}: {gone} went {way:?}");
        }
    }
}
