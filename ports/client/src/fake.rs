//! An API server in memory, for tests and small simulations: resource versions, conflicts, finalizers, graceful
//! deletion, watches, and faults by a seed. It knows what all kinds have in common and nothing that one kind checks;
//! server-side apply and strategic patches are absent.

mod faults;
mod merge;
mod removal;
mod select;
mod served;
mod stream;
mod world;
mod write;

pub use faults::Faults;
pub use served::{custom, served};

use crate::{Answer, ApiClient, Latest, Request, Watch};
use clock::Clock;
use faults::Fate;
use futures::future::BoxFuture;
use kinds::Verb;
use meta::{Gvr, Key, Object, Status, Value};
use plan::{Catalog, Served};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use world::World;

#[derive(Clone)]
pub struct FakeApi {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
    revision: Latest<u64>,
    faults: Mutex<Faults>,
}

impl FakeApi {
    /// A server with the namespace `default` and the kinds of the table.
    pub fn new(clock: Arc<dyn Clock>) -> FakeApi {
        let world = Mutex::new(World::new(served()));
        let inner = Inner { clock, world, revision: Latest::new(0), faults: Mutex::default() };
        let fake = FakeApi { inner: Arc::new(inner) };
        fake.create(&Gvr::new("", "v1", "namespaces"), "", &meta::value!({"metadata": {"name": "default"}}));
        fake
    }

    pub fn set_faults(&self, faults: Faults) {
        *self.inner.faults() = faults;
    }

    pub fn serve(&self, served: Served) {
        self.inner.world().served.push(served);
    }

    pub fn stop_serving(&self, resource: &Gvr) {
        self.inner.world().served.retain(|served| served.resource != *resource);
    }

    /// Forgets the history so far: watches from before it are told that it expired.
    pub fn compact(&self) {
        self.inner.world().compact();
    }

    /// Does a request without any fault, as a user or another component would.
    pub fn now(&self, request: &Request) -> Result<Answer, Status> {
        self.inner.execute(request)
    }

    /// Creates an object that must not be refused.
    pub fn create(&self, resource: &Gvr, namespace: &str, object: &Value) -> Arc<Object> {
        let request = Request::create(resource.clone(), namespace, object.clone());
        self.now(&request).and_then(Answer::object).expect("the object can be created")
    }

    pub fn get(&self, resource: &Gvr, key: &Key) -> Option<Arc<Object>> {
        self.inner.world().get(resource, key).cloned()
    }

    pub fn all(&self, resource: &Gvr) -> Vec<Arc<Object>> {
        self.inner.world().all(resource).cloned().collect()
    }

    pub fn revision(&self) -> u64 {
        self.inner.world().revision
    }
}

impl Inner {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn execute(&self, request: &Request) -> Result<Answer, Status> {
        let mut world = self.world();
        world.served(&request.resource)?;
        let answer = match request.verb {
            Verb::Get => world.found(&request.resource, &request.key).cloned().map(Answer::Object),
            Verb::List => select::list(&world, request),
            Verb::Create => write::create(&mut world, request, &*self.clock),
            Verb::Update => write::update(&mut world, request),
            Verb::Patch => write::patch(&mut world, request),
            Verb::Delete => removal::delete(&mut world, request, &*self.clock),
            Verb::DeleteCollection => removal::delete_all(&mut world, request, &*self.clock),
            Verb::Watch | Verb::Connect => Err(Status::method_not_supported(&request.resource, request.verb.word())),
        };
        let revision = world.revision;
        drop(world);
        self.revision.set(revision);
        answer
    }

    fn fate(&self, request: &Request) -> Fate {
        self.faults().draw(request, self.clock.random())
    }
}

impl ApiClient for FakeApi {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
        Box::pin(async move {
            let fate = self.inner.fate(&request);
            tokio::time::sleep(fate.delay).await;
            if let Some(refusal) = fate.refused {
                return Err(refusal);
            }
            let answer = self.inner.execute(&request);
            if fate.answer_lost { Err(Status::timeout("the answer was lost", 0)) } else { answer }
        })
    }

    fn watch(&self, request: Request) -> BoxFuture<'_, Result<Watch, Status>> {
        Box::pin(async move {
            let fate = self.inner.fate(&request);
            tokio::time::sleep(fate.delay).await;
            match fate.refused {
                Some(refusal) => Err(refusal),
                None => stream::open(&self.inner, &request),
            }
        })
    }

    fn discover(&self) -> BoxFuture<'_, Result<Catalog, Status>> {
        let resources = self.inner.world().served.clone();
        Box::pin(async move { Ok(Catalog { resources, ..Catalog::default() }) })
    }
}

#[cfg(test)]
mod tests;
