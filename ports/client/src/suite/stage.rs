//! What a case works with.

use crate::{Answer, ApiClient, ListOptions, Request, Watch, WatchEvent};
use clock::Clock;
use futures::StreamExt;
use kinds::Verb;
use meta::{Gvr, Key, Object, Status, Value, value};
use std::sync::Arc;
use std::time::Duration;

/// The longest that an event may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Stage {
    pub client: Arc<dyn ApiClient>,
    pub clock: Arc<dyn Clock>,
    /// A namespace that exists and is this case's own.
    pub namespace: String,
}

impl Stage {
    pub(super) fn resource() -> Gvr {
        Gvr::new("", "v1", "configmaps")
    }

    pub(super) fn key(&self, name: &str) -> Key {
        Key::new(self.namespace.as_str(), name)
    }

    pub(super) fn config_map(name: &str, data: &str) -> Value {
        value!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"data": data}}, "data": {"a": data}})
    }

    pub(super) async fn create(&self, name: &str, data: &str) -> Arc<Object> {
        self.try_create(Stage::config_map(name, data)).await.expect("the object can be created")
    }

    pub(super) async fn try_create(&self, object: Value) -> Result<Arc<Object>, Status> {
        self.call(Request::create(Stage::resource(), &self.namespace, object)).await?.object()
    }

    pub(super) async fn update(&self, name: &str, object: Value) -> Result<Arc<Object>, Status> {
        self.call(Request::update(Stage::resource(), self.key(name), object)).await?.object()
    }

    pub(super) async fn get(&self, name: &str) -> Result<Arc<Object>, Status> {
        self.call(Request::get(Stage::resource(), self.key(name))).await?.object()
    }

    pub(super) async fn delete(&self, name: &str) {
        self.call(Request::delete(Stage::resource(), self.key(name))).await.expect("the object can be deleted");
    }

    pub(super) async fn call(&self, request: Request) -> Result<Answer, Status> {
        match self.client.call(request).await? {
            Answer::Status(status) if status.status != "Success" => Err(status),
            answer => Ok(answer),
        }
    }

    /// The list's revision and its names.
    pub(super) async fn list(&self, options: ListOptions) -> (u64, Vec<String>) {
        let request = Request { list: options, ..Request::list(Stage::resource(), &self.namespace) };
        let (revision, items) = self.call(request).await.and_then(Answer::items).expect("the list is answered");
        let ours = |object: &&Arc<Object>| object.header.name != "kube-root-ca.crt";
        (revision, items.iter().filter(ours).map(|object| object.header.name.to_string()).collect())
    }

    pub(super) async fn watch(&self, options: ListOptions) -> Watch {
        let request = Request::new(Verb::Watch, Stage::resource(), Key::new(self.namespace.as_str(), ""));
        self.client.watch(Request { list: options, ..request }).await.expect("the watch opens")
    }
}

/// The next event in few words: `+a`, `~a`, `-a`, or `.` for the end of the initial events.
pub(super) async fn next(watch: &mut Watch) -> String {
    loop {
        match event(watch).await {
            WatchEvent::Bookmark { initial_end: true, .. } => return ".".into(),
            WatchEvent::Bookmark { .. } => {}
            WatchEvent::Added(object) if object.header.name == "kube-root-ca.crt" => {}
            WatchEvent::Added(object) => return format!("+{}", object.header.name),
            WatchEvent::Modified(object) => return format!("~{}", object.header.name),
            WatchEvent::Deleted(object) => return format!("-{}", object.header.name),
        }
    }
}

pub(super) async fn event(watch: &mut Watch) -> WatchEvent {
    let event = within(watch.next()).await;
    event.expect("the watch goes on").expect("no error arrives")
}

pub(super) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it happens in time")
}
