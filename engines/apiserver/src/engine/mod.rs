//! The verbs, written once for every kind. What differs between kinds is in their rows.

mod allocate;
mod attempt;
pub(crate) mod body;
mod convert;
mod create;
mod custom_type;
mod delete;
mod list;
mod ownership;
mod page;
mod patched;
mod place;
mod scale;
mod select;
mod update;
mod watch;

use crate::aggregation::Aggregation;
use crate::authz::{Attributes, Authorizer};
use crate::hub::Hub;
use crate::identity::Identity;
use crate::rows::{Row, Rows, Table};
use crate::storage::{self, Format};
use crate::webhooks::Hooks;
use bytes::Bytes;
use client::{Answer, Request};
use clock::Clock;
use kinds::{Context, Verb};
use meta::{Key, Object, Status};
use std::sync::Arc;
use store::Store;

pub use body::Payload;
pub(crate) use body::{internal_group, unsupported_media};
pub use page::Token;
pub use update::manager_of_agent;
pub use watch::Following;
pub(crate) use watch::too_old;

/// Everything a request needs. One for the whole server.
pub struct Api {
    pub store: Arc<dyn Store>,
    pub format: Format,
    pub clock: Arc<dyn Clock>,
    pub hub: Hub,
    pub rows: Rows,
    pub authorizer: Arc<Authorizer>,
    pub tokens: crate::authn::ServiceAccountTokens,
    pub ranges: allocate::Ranges,
    /// Where clients find this server.
    pub advertised: std::net::SocketAddr,
    /// How kubelets are called: whom to trust, and this server's own certificate.
    pub kubelet_tls: Option<Arc<rustls::ClientConfig>>,
    pub(crate) aggregation: Aggregation,
    pub(crate) mutating: Hooks,
    pub(crate) validating: Hooks,
    pub(crate) policies: crate::admission::validating_policies::Policies,
}

pub use allocate::Ranges;

/// Writes of others in the same store concern no kind here: after so long without any, the watch is asked how far it is.
const QUIET: std::time::Duration = std::time::Duration::from_millis(20);

/// A request with who asks, after its path was read and its body decoded.
pub struct Call {
    pub identity: Arc<Identity>,
    pub request: Request,
    pub payload: Payload,
}

/// What a verb came to.
pub struct Outcome {
    pub answer: Answer,
    pub created: bool,
    /// What goes into `Warning` headers.
    pub warnings: Vec<String>,
}

impl Outcome {
    pub fn of(answer: Answer) -> Outcome {
        Outcome { answer, created: false, warnings: Vec::new() }
    }

    fn object(object: Arc<Object>) -> Outcome {
        Outcome::of(Answer::Object(object))
    }
}

/// One request on its way: the call, the row it concerns, and what it has to say beside its answer.
pub struct Going<'a> {
    pub api: &'a Api,
    pub call: &'a Call,
    pub table: Arc<Table>,
    pub row: Arc<Row>,
    pub warnings: Vec<String>,
}

impl Api {
    /// Authorizes and carries out one request. Watches have their own entry, [`Api::watch`].
    pub async fn call(&self, call: &Call) -> Result<Outcome, Status> {
        self.authorize(call)?;
        let table = self.rows.table();
        if let Some(of) = crate::virtuals::find(&call.request) {
            table.served(&call.request.resource).map_or(Ok(()), |row| check_place(row, &call.request))?;
            let mut told = Vec::new();
            let outcome = of.answer(self, call, &mut told).await?;
            return Ok(Outcome { warnings: told, ..outcome });
        }
        let row = self.row(&table, &call.request)?;
        let version = row.version(&call.request.resource.version);
        let deprecation = version.and_then(|version| version.deprecation.as_ref()).map(ToString::to_string);
        let mut going = Going { api: self, call, table, row: row.clone(), warnings: Vec::from_iter(deprecation) };
        match going.go().await {
            Ok(mut outcome) => {
                outcome.warnings.append(&mut going.warnings);
                Ok(outcome)
            }
            Err(status) => {
                let warnings = [status.warnings.into_vec(), going.warnings].concat().into();
                Err(Status { warnings, ..status })
            }
        }
    }

    fn authorize(&self, call: &Call) -> Result<(), Status> {
        let attributes = Attributes::of_request(&call.request);
        self.authorizer.check(&call.identity, &attributes)
    }

    fn row(&self, table: &Table, request: &Request) -> Result<Arc<Row>, Status> {
        let row = table.served(&request.resource).ok_or_else(Status::no_such_page)?;
        check_place(row, request)?;
        let verbs = match request.subresource.as_str() {
            "" => &row.def.verbs,
            name => match row.def.subresource(name, &request.resource.version) {
                Some(subresource) => &subresource.verbs,
                None => return Err(Status::no_such_page()),
            },
        };
        match verbs.contains(&request.verb) {
            true => Ok(row.clone()),
            false if row.def.custom => Err(Status::method_not_supported(&request.resource, request.verb.word())),
            // Upstream's router has no such route.
            false => Err(Status::method_not_allowed()),
        }
    }

    /// Waits until everything that was acknowledged before this call can be seen.
    pub async fn fresh(&self) -> Result<u64, Status> {
        let revision = self.store.revision().await.map_err(store_status)?;
        let mut shown = std::pin::pin!(self.hub.shown().reaches(revision));
        loop {
            match tokio::time::timeout(QUIET, &mut shown).await {
                Ok(true) => return Ok(revision),
                Ok(false) => return Err(Status::unavailable("the server is stopping")),
                Err(_elapsed) => self.store.progress().await.map_err(store_status)?,
            }
        }
    }
}

/// In a namespace or outside of all, as the kind is. Of what is in namespaces, all together can only be listed.
fn check_place(row: &Row, request: &Request) -> Result<(), Status> {
    if row.def.namespaced() != request.key.namespace.is_empty() || across_namespaces(row, request) {
        return Ok(());
    }
    let all = row.def.namespaced() && request.key.name.is_empty() && row.def.verbs.contains(&Verb::List);
    Err(if all { Status::method_not_allowed() } else { Status::no_such_page() })
}

/// Lists and watches of a namespaced kind may span all namespaces.
fn across_namespaces(row: &Row, request: &Request) -> bool {
    row.def.namespaced() && request.key.namespace.is_empty() && matches!(request.verb, Verb::List | Verb::Watch)
}

pub(crate) fn store_status(error: store::Error) -> Status {
    match error {
        store::Error::TooLarge { bytes, limit } => {
            Status::too_large(format!("the object of {bytes} bytes is over the limit of {limit}"))
        }
        store::Error::Unavailable { .. } => Status::unavailable(error.to_string()),
        store::Error::OutcomeUnknown { .. } => Status::timeout(error, 0),
        other => Status::internal(other),
    }
}

impl Going<'_> {
    async fn go(&mut self) -> Result<Outcome, Status> {
        let scale = self.call.request.subresource == "scale";
        match self.call.request.verb {
            Verb::Get if scale => self.get_scale().await,
            Verb::Get => self.get().await,
            Verb::List => self.list().await,
            Verb::Create => self.create().await,
            Verb::Update => self.update().await,
            Verb::Patch => self.patch().await,
            Verb::Delete => self.delete().await,
            Verb::DeleteCollection => self.delete_collection().await,
            Verb::Watch | Verb::Connect => Err(Status::internal("this verb does not end in an answer")),
        }
    }

    async fn get(&mut self) -> Result<Outcome, Status> {
        let object = self.current().await?;
        self.presented(object).await.map(Outcome::object)
    }

    /// The object that the request names, as new as the request demands.
    pub(crate) async fn current(&self) -> Result<Arc<Object>, Status> {
        let request = &self.call.request;
        match request.list.resource_version.as_str() {
            "" => _ = self.api.fresh().await?,
            "0" => {}
            text => {
                list::parse_revision(text).map_err(list::without_reason)?;
                self.api.fresh().await?;
            }
        }
        self.row.hub.get(&request.key).ok_or_else(|| self.not_found())
    }

    fn not_found(&self) -> Status {
        Status::not_found(&self.call.request.resource, &self.call.request.key.name)
    }

    fn context(&self) -> Context<'_> {
        Context {
            def: &self.row.def,
            version: &self.call.request.resource.version,
            subresource: &self.call.request.subresource,
            now: self.api.clock.now(),
            dry_run: self.call.request.write.dry_run,
            user: &self.call.identity.name,
            uid: &self.call.identity.uid,
            groups: &self.call.identity.groups,
            extra: &self.call.identity.extra,
        }
    }

    fn storage_key(&self, key: &Key) -> Arc<str> {
        storage::key(&self.row.def, key)
    }

    /// A canonical body as an object at a revision.
    fn object(&self, body: Bytes, revision: u64) -> Result<Arc<Object>, Status> {
        Object::from_stored(body, revision).map(Arc::new).map_err(Status::internal)
    }
}
