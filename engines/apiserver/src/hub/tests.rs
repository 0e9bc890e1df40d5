//! Lanes, and history over a restart.

use super::{Encoding, Form, Hub, Interest, Joined, KindHub, Seen, Shown, Watcher, field};
use crate::storage::Format;
use clock::VirtualClock;
use kinds::KindDef;
use meta::selector::LabelSelector;
use meta::{Key, Object, Value, value};
use std::sync::Arc;
use store::{Memory, Store, Txn};

fn pods() -> Arc<KindDef> {
    let is_pod = |def: &Arc<KindDef>| def.group.is_empty() && def.names.plural == "pods";
    kinds::builtin().iter().find(|def| is_pod(def)).expect("the table has pods").clone()
}

fn with_image(name: &str, image: &str, revision: u64) -> Arc<Object> {
    let mut value = Value::clone(pod(name, "n1", revision).value());
    *value.entry("spec").entry("image") = image.into();
    Arc::new(Object::from_stored(Object::canonical(&value), revision).unwrap())
}

fn pod(name: &str, node: &str, revision: u64) -> Arc<Object> {
    let value = value!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": node}});
    Arc::new(Object::from_stored(Object::canonical(&value), revision).unwrap())
}

fn of_node(node: &'static str) -> Interest {
    let rules = pods().rules.clone();
    let fields: super::watcher::FieldMatch = Arc::new(move |object| field(&*rules, object, "spec.nodeName") == node);
    Interest { exact: Some(("spec.nodeName", node.into())), fields: Some(fields), ..Interest::default() }
}

fn hub() -> Arc<KindHub> {
    Arc::new(KindHub::new(&pods(), Arc::new(Shown::new(1)), Vec::new(), 1))
}

fn told(watcher: &mut Watcher) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(seen) = watcher.poll() {
        match seen {
            Seen::Lost => told.push("lost".into()),
            Seen::Change(event, change) => told.push(format!("{} {}", event.word(), change.revision)),
        }
        if told.last().is_some_and(|last| last == "lost") {
            break;
        }
    }
    told
}

#[test]
fn a_node_sees_its_own_pods_come_change_and_go() {
    let hub = hub();
    let mut watchers = [of_node("n1"), of_node("n2"), Interest::default()].map(|i| hub.watch(1, i).unwrap());
    let (a, b) = (Key::new("default", "a"), Key::new("default", "b"));
    hub.apply(&a, 2, Some(pod("a", "", 2)));
    hub.apply(&a, 3, Some(pod("a", "n1", 3)));
    hub.apply(&b, 4, Some(pod("b", "n2", 4)));
    hub.apply(&a, 5, Some(pod("a", "n1", 5)));
    hub.apply(&a, 6, None);
    let expect: [&[&str]; 3] = [
        &["ADDED 3", "MODIFIED 5", "DELETED 6"],
        &["ADDED 4"],
        &["ADDED 2", "MODIFIED 3", "ADDED 4", "MODIFIED 5", "DELETED 6"],
    ];
    for (watcher, expect) in watchers.iter_mut().zip(expect) {
        assert_eq!(told(watcher), expect);
    }
    let mut late = hub.watch(3, of_node("n1")).unwrap();
    assert_eq!(told(&mut late), ["MODIFIED 5", "DELETED 6"], "who joins a lane later finds what was before");
}

#[test]
fn what_happens_elsewhere_makes_nobody_late() {
    let hub = hub();
    let named = |name: &str| Interest { namespace: "default".into(), name: Some(name.into()), ..Interest::default() };
    let mut quiet = [of_node("n1"), named("a")].map(|interest| hub.watch(1, interest).unwrap());
    let mut all = hub.watch(1, Interest::default()).unwrap();
    let other = pod("b", "n2", 2);
    for revision in 2..80_000 {
        hub.apply(&other.key(), revision, Some(other.clone()));
    }
    hub.apply(&Key::new("default", "a"), 80_000, Some(pod("a", "n1", 80_000)));
    for watcher in &mut quiet {
        assert_eq!(told(watcher), ["ADDED 80000"]);
    }
    assert_eq!(told(&mut all), ["lost"]);
}

#[tokio::test(start_paused = true)]
async fn only_those_concerned_are_woken() {
    let hub = hub();
    let mut quiet = hub.watch(1, of_node("n1")).unwrap();
    let waiting = tokio::spawn(async move { matches!(quiet.next().await, Seen::Change(Encoding::Added, _)) });
    tokio::task::yield_now().await;
    let polled = |hub: &KindHub| hub.tell(tokio::time::Instant::now());
    hub.apply(&Key::new("default", "b"), 2, Some(pod("b", "n2", 2)));
    assert_eq!(polled(&hub), None);
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    hub.apply(&Key::new("default", "a"), 3, Some(pod("a", "n1", 3)));
    assert_eq!(polled(&hub), None);
    assert!(waiting.await.unwrap());
}

#[test]
fn what_is_found_by_labels_is_what_matches() {
    let hub = hub();
    let labelled = |name: &str, label: usize, value: &str, revision: u64| {
        let mut object = Value::clone(pod(name, "", revision).value());
        *object.entry("metadata").entry("labels").entry(&format!("l{label}")) = value.into();
        Arc::new(Object::from_value(&object).unwrap())
    };
    let found = |selector: &str| {
        let found = hub.list("", &LabelSelector::parse(selector).unwrap()).objects;
        found.iter().map(|object| object.header.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let mut revision = 1;
    let mut put = |name: &str, label: usize, value: &str| {
        revision += 1;
        hub.apply(&Key::new("default", name), revision, Some(labelled(name, label, value, revision)));
    };
    for label in 0..100 {
        let (one, other) = (format!("l{label}=one"), format!("l{label}=other"));
        put("a", label, "one");
        assert_eq!((found(&one), found(&other)), ("a".into(), String::new()), "the first question, {label}");
        put("b", label, "one");
        put("a", label, "other");
        assert_eq!((found(&one), found(&other)), ("b".into(), "a".into()), "as it changes, {label}");
        assert_eq!(found(&format!("{one},l{label}!=one")), "");
        assert_eq!(found(&format!("l{label} in (one,other)")), "a b");
    }
    hub.apply(&Key::new("default", "a"), 1_000, None);
    assert_eq!(found("l99=other"), "");
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_before_a_restart_goes_on() {
    let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(VirtualClock::new(1))));
    for (name, node) in [("a", ""), ("b", ""), ("a", "n1")] {
        let body = pod(name, node, 0).body().clone();
        let key: Arc<str> = format!("/registry/pods/default/{name}").into();
        store.txn(Txn::new().put(key, body)).await.unwrap();
    }
    let hub = Hub::start(store, Format::Json).await.unwrap().open(pods()).await.unwrap();
    assert_eq!(hub.len(), 2);
    assert_eq!(told(&mut hub.watch(2, Interest::default()).unwrap()), ["ADDED 3", "MODIFIED 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_has_grown_much_is_opened_as_it_is() {
    let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(VirtualClock::new(1))));
    let many = 16_385;
    let put = |txn: Txn, number: usize| {
        let name = format!("a{number}");
        txn.put(format!("/registry/pods/default/{name}"), pod(&name, "", 0).body().clone())
    };
    store.txn((0..many).fold(Txn::new(), put)).await.unwrap();
    let hub = Hub::start(store, Format::Json).await.unwrap().open(pods()).await.unwrap();
    assert_eq!(hub.list("", &LabelSelector::everything()).objects.len(), many);
    assert!(hub.watch(1, Interest::default()).is_none());
    assert!(hub.watch(2, Interest::default()).is_some());
}

/// What a watcher is told until there is nothing more, by revision; what is joined for many as it is offered.
fn told_together(watcher: &mut Watcher) -> Vec<String> {
    let mut lines = Vec::new();
    let mut read = |bytes: &[u8]| lines.extend(std::str::from_utf8(bytes).unwrap().lines().map(String::from));
    loop {
        if let Some(joined) = watcher.joined(Form::Json) {
            assert!(joined.bytes.len() <= Joined::MOST, "{joined:?}");
            read(&joined.bytes);
        } else if let Some(Seen::Change(event, change)) = watcher.poll() {
            read(change.frame(event, Form::Json).unwrap());
        } else {
            return lines;
        }
    }
}

#[test]
fn many_are_told_the_same_together_as_each_alone_however_often_they_look() {
    let hub = hub();
    let alone = || of_node("n1");
    let everywhere = || Interest { namespace: "default".into(), ..Interest::default() };
    let mut watchers: Vec<_> = (0..300)
        .map(|i| match i % 3 {
            0 => (i, hub.watch(1, alone()).unwrap(), Vec::new()),
            1 => (i, hub.watch(1, everywhere()).unwrap(), Vec::new()),
            _ => (i, hub.watch(1, Interest::default()).unwrap(), Vec::new()),
        })
        .collect();
    let mut expect = Vec::new();
    for revision in 2..600 {
        let name = format!("p{}", revision % 40);
        let gone = revision % 5 == 0 && hub.get(&Key::new("default", &*name)).is_some();
        let image = "i".repeat(if revision % 50 == 1 { 9_000 } else { 0 });
        hub.apply(&Key::new("default", &*name), revision, (!gone).then(|| with_image(&name, &image, revision)));
        let mut last = hub.watch(revision - 1, Interest::default()).unwrap();
        expect.extend(told_together(&mut last));
        for (i, watcher, heard) in &mut watchers {
            if revision % (*i / 3 + 1) == 0 || revision == 599 {
                heard.extend(told_together(watcher));
            }
        }
    }
    for (i, watcher, heard) in &mut watchers {
        assert_eq!(*heard, expect, "{i}");
        assert_eq!(watcher.revision(), 599);
    }
    for (interest, together) in [(alone(), false), (everywhere(), true), (Interest::default(), true)] {
        assert_eq!(hub.watch(1, interest).unwrap().joined(Form::Json).is_some(), together);
    }
    hub.break_history(600);
    for (i, watcher, _) in &mut watchers {
        assert!(watcher.joined(Form::Json).is_none() && matches!(watcher.poll(), Some(Seen::Lost)), "{i}");
    }
}
