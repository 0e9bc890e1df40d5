//! Typed access to one kind in one namespace (or, with none, in all of them or at cluster scope).

use crate::{Answer, ApiClient, DeleteOptions, ListOptions, PatchKind, Request, Watch, WriteOptions};
use kinds::Verb;
use meta::{CompactString, Key, Object, Reason, Status, Value};
use plan::Resource;
use std::marker::PhantomData;
use std::sync::Arc;

pub struct Api<K> {
    client: Arc<dyn ApiClient>,
    namespace: CompactString,
    manager: CompactString,
    kind: PhantomData<fn() -> K>,
}

impl<K> Clone for Api<K> {
    fn clone(&self) -> Self {
        Api {
            client: self.client.clone(),
            namespace: self.namespace.clone(),
            manager: self.manager.clone(),
            kind: PhantomData,
        }
    }
}

impl<K: Resource> Api<K> {
    pub fn all(client: Arc<dyn ApiClient>) -> Api<K> {
        Api::namespaced(client, "")
    }

    pub fn namespaced(client: Arc<dyn ApiClient>, namespace: &str) -> Api<K> {
        Api { client, namespace: namespace.into(), manager: CompactString::default(), kind: PhantomData }
    }

    /// The name under which written fields are owned.
    #[must_use]
    pub fn manager(self, manager: &str) -> Api<K> {
        Api { manager: manager.into(), ..self }
    }

    pub async fn get(&self, name: &str) -> Result<Arc<K>, Status> {
        self.object(Request::get(K::gvr(), self.key(name))).await
    }

    /// The object, or none where there is none.
    pub async fn find(&self, name: &str) -> Result<Option<Arc<K>>, Status> {
        match self.get(name).await {
            Err(status) if status.is(Reason::NotFound) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Everything that the options select, with the revision at which it was so.
    pub async fn list(&self, options: ListOptions) -> Result<(u64, Vec<Arc<K>>), Status> {
        let request = Request { list: options, ..Request::list(K::gvr(), &self.namespace) };
        let (revision, items) = self.client.call(request).await?.items()?;
        let items = items.iter().map(|object| typed(object)).collect::<Result<_, _>>()?;
        Ok((revision, items))
    }

    pub async fn create(&self, object: &K) -> Result<Arc<K>, Status> {
        self.write(Request::create(K::gvr(), &self.namespace, plan::with_type(object))).await
    }

    pub async fn update(&self, name: &str, object: &K) -> Result<Arc<K>, Status> {
        self.write(Request::update(K::gvr(), self.key(name), plan::with_type(object))).await
    }

    pub async fn update_status(&self, name: &str, object: &K) -> Result<Arc<K>, Status> {
        self.write(Request::update(K::gvr(), self.key(name), plan::with_type(object)).subresource("status")).await
    }

    pub async fn patch(&self, name: &str, kind: PatchKind, patch: Value) -> Result<Arc<K>, Status> {
        self.write(Request::patch(K::gvr(), self.key(name), kind, patch)).await
    }

    pub async fn patch_status(&self, name: &str, kind: PatchKind, patch: Value) -> Result<Arc<K>, Status> {
        self.write(Request::patch(K::gvr(), self.key(name), kind, patch).subresource("status")).await
    }

    /// Applies what this manager wants; `force` takes fields over from others.
    pub async fn apply(&self, name: &str, object: &K, force: bool) -> Result<Arc<K>, Status> {
        let request = Request::patch(K::gvr(), self.key(name), PatchKind::Apply, plan::with_type(object));
        self.write(Request { write: WriteOptions { force, ..WriteOptions::default() }, ..request }).await
    }

    /// The object as it is while it ends, or none once it is gone.
    pub async fn delete(&self, name: &str, options: DeleteOptions) -> Result<Option<Arc<K>>, Status> {
        let request = Request { delete: options, ..Request::delete(K::gvr(), self.key(name)) };
        match self.client.call(request).await? {
            Answer::Object(object) => typed(&object).map(Some),
            Answer::Status(status) if status.status == "Success" => Ok(None),
            Answer::Status(status) => Err(status),
            Answer::List { .. } => Err(Status::internal("a list was answered where one object was deleted")),
        }
    }

    pub async fn watch(&self, options: ListOptions) -> Result<Watch, Status> {
        let request = Request::new(Verb::Watch, K::gvr(), self.key(""));
        self.client.watch(Request { list: options, ..request }).await
    }

    fn key(&self, name: &str) -> Key {
        Key::new(self.namespace.clone(), name)
    }

    async fn write(&self, mut request: Request) -> Result<Arc<K>, Status> {
        request.write.field_manager = self.manager.clone();
        self.object(request).await
    }

    async fn object(&self, request: Request) -> Result<Arc<K>, Status> {
        typed(&self.client.call(request).await?.object()?)
    }
}

fn typed<K: Resource>(object: &Arc<Object>) -> Result<Arc<K>, Status> {
    object.typed::<K>().map_err(Status::internal)
}
