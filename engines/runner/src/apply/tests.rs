//! How far a plan goes, by what the server says.

use super::*;
use client::{Body, Request, Watch};
use futures::future::BoxFuture;
use meta::{Gvr, Key, Object, value};
use plan::{Catalog, Deletion};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Says yes to the first few requests, and then another thing.
struct Server {
    yes: usize,
    then: fn() -> Status,
    asked: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Server {
    fn new(yes: usize, then: fn() -> Status) -> Server {
        let zero = || AtomicUsize::new(0);
        Server { yes, then, asked: Mutex::default(), at_once: zero(), most_at_once: zero() }
    }
}

impl ApiClient for Server {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
        Box::pin(async move {
            let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            let mut asked = self.asked.lock().unwrap();
            asked.push(request.verb.word().into());
            if asked.len() > self.yes {
                return Err((self.then)());
            }
            let pod = value!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "resourceVersion": "5"}});
            let object = match request.body {
                Body::Object(review) if review.str("kind") == "SubjectAccessReview" => review,
                _ => pod,
            };
            Ok(Answer::Object(Arc::new(Object::from_value(&object).unwrap())))
        })
    }

    fn watch(&self, _request: Request) -> BoxFuture<'_, Result<Watch, Status>> {
        Box::pin(async { Err(Status::no_such_page()) })
    }

    fn discover(&self) -> BoxFuture<'_, Result<Catalog, Status>> {
        Box::pin(async { Ok(Catalog::default()) })
    }
}

fn pods() -> Gvr {
    Gvr::new("", "v1", "pods")
}

fn creations(count: usize) -> impl Iterator<Item = Action> {
    let object = value!({"metadata": {"generateName": "p-"}});
    (0..count).map(move |_| Action::Create { resource: pods(), namespace: "n".into(), object: object.clone() })
}

fn deletion() -> Action {
    Action::Delete { resource: pods(), key: Key::new("n", "p"), options: Deletion::default() }
}

async fn run(actions: Vec<Action>, server: &Server) -> Applied {
    apply(actions, server, |base| format!("{base}1")).await
}

#[tokio::test(start_paused = true)]
async fn creations_begin_slowly_and_end_with_the_first_refusal() {
    let quota = || Status::forbidden(&pods(), "p", "exceeded quota");
    for (yes, asked) in [(0, 1), (1, 3), (3, 7), (100, 20)] {
        let server = Server::new(yes, quota);
        let applied = run(creations(20).collect(), &server).await;
        assert_eq!(server.asked.lock().unwrap().len(), asked, "{yes} are granted");
        assert_eq!(applied.refusal().is_some(), yes < 20);
        assert_eq!(applied.verdict, if yes < 20 { Verdict::Failed } else { Verdict::Done });
    }
}

#[tokio::test(start_paused = true)]
async fn deletions_go_side_by_side_and_what_is_gone_is_done() {
    let server = Server::new(0, || Status::not_found(&pods(), "p"));
    let applied = run((0..50).map(|_| deletion()).collect(), &server).await;
    assert_eq!((applied.verdict, server.most_at_once.load(Ordering::SeqCst)), (Verdict::Done, 50));
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_failure_is_not_done() {
    type Case = (fn() -> Status, Verdict);
    let cases: &[Case] = &[
        (|| Status::conflict(&pods(), "p", "stale"), Verdict::Stale),
        (|| Status::timeout("lost", 0), Verdict::Failed),
        (|| Status::bad_request("no"), Verdict::Failed),
    ];
    for (answer, verdict) in cases {
        let server = Server::new(0, *answer);
        let merge = Action::Merge { resource: pods(), key: Key::new("n", "p"), subresource: "", patch: value!({}) };
        let applied = run(vec![merge, deletion()], &server).await;
        assert_eq!((applied.verdict, server.asked.lock().unwrap().clone()), (*verdict, vec!["patch".to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_fact_that_does_not_hold_ends_the_plan() {
    let stands =
        |uid: Option<&str>| Fact::Absent { resource: pods(), key: Key::new("n", "p"), uid: uid.map(Into::into) };
    for (fact, verdict) in [(stands(None), Verdict::Stale), (stands(Some("another")), Verdict::Done)] {
        let server = Server::new(9, Status::no_such_page);
        let applied = run(vec![Action::Confirm(fact), deletion()], &server).await;
        let asked = server.asked.lock().unwrap().len();
        assert_eq!((applied.verdict, asked), (verdict, if verdict == Verdict::Done { 2 } else { 1 }));
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_may_not_do_is_told_and_ends_the_plan() {
    let attributes = value!({"verb": "create", "resource": "certificatesigningrequests", "subresource": "nodeclient"});
    for (allowed, verdict) in [(true, Verdict::Done), (false, Verdict::Failed)] {
        let spec = value!({"user": "a", "resourceAttributes": (attributes.clone())});
        let review = value!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
            "status": {"allowed": allowed}});
        let fact = Fact::Allowed { resource: Gvr::new("authorization.k8s.io", "v1", "subjectaccessreviews"), review };
        let server = Server::new(9, Status::no_such_page);
        let applied = run(vec![Action::Confirm(fact), deletion()], &server).await;
        let asked = server.asked.lock().unwrap().len();
        assert_eq!((applied.verdict, asked), (verdict, if allowed { 2 } else { 1 }));
        let why = applied.refusal().map(|refusal| refusal.message.clone());
        assert_eq!(why.is_some(), !allowed);
        assert!(why.is_none_or(|why| why.ends_with("may not create certificatesigningrequests/nodeclient")));
    }
}
