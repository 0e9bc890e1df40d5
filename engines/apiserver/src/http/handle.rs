//! One HTTP request from its head to its answer.

use super::accept::{self, Accepted, Media, View};
use super::aggregate::PassingOn;
use super::long_lists::LongLists;
use super::path::{self, ResourcePath, Target};
use super::present::Presenting;
use super::query::Query;
use super::respond::{self, Response};
use super::{body, connect, pretty, proxy, stream, trace};
use crate::aggregation::Remote;
use crate::authz::Attributes;
use crate::engine::{Api, Call, Payload, manager_of_agent, unsupported_media};
use crate::identity::Identity;
use crate::metrics::{Asked, Inflight, Manner};
use crate::pages::Pages;
use crate::server::{READS, WRITES};
use bytes::Bytes;
use client::{PatchKind, Request as ApiRequest};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Method};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use kinds::Verb;
use meta::{Gvr, Reason, Status};
use schema::decode::Format;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// As upstream, a request that finds no room waits a while for it. Its body is not read before it has room.
const QUEUED: Duration = Duration::from_secs(15);

pub struct Frontend {
    pub api: Arc<Api>,
    pub pages: Pages,
    pub authentication: crate::authn::Authentication,
    pub stopping: watch::Receiver<bool>,
    /// Upstream's max requests in flight: reads and writes have their own room.
    pub reads: Semaphore,
    pub writes: Semaphore,
    pub long_lists: Arc<LongLists>,
}

/// A request whose head has been read.
struct Head {
    method: Method,
    path: String,
    /// As it came, for whom it is passed on to.
    raw_query: Option<String>,
    query: Query,
    headers: HeaderMap,
}

impl Head {
    fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn is_by_hand(&self) -> bool {
        pretty::wanted(&self.query, self.header(USER_AGENT).unwrap_or(""))
    }

    /// What is read by people is sent as they read it.
    fn takes_gzip(&self) -> bool {
        !self.is_by_hand() && self.header(ACCEPT_ENCODING).is_some_and(|value| value.contains("gzip"))
    }
}

impl Frontend {
    /// `peer` is who the connection's certificate says it is.
    pub async fn handle(
        self: Arc<Self>,
        peer: Option<Arc<Identity>>,
        mut request: http::Request<Incoming>,
    ) -> Response {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, body) = request.into_parts();
        let head = Head {
            method: parts.method,
            path: parts.uri.path().to_string(),
            raw_query: parts.uri.query().map(Into::into),
            query: Query::parse(parts.uri.query()),
            headers: parts.headers,
        };
        let (began, target) = (self.api.clock.now(), path::parse(&head.path));
        let builtin = matches!(&target, Some(Target::Resource(target)) if self.is_builtin(&target.resource));
        let media = accept::negotiate(head.header(ACCEPT), builtin).map_or(Media::Json, |accepted| accepted.media);
        let (id, asked) = (trace::id(&head.headers, &*self.api.clock), self.asked(&head, target.as_ref()));
        let (path, by_hand) = (head.path.clone(), head.is_by_hand());
        let mut response = match self.clone().answer(peer, head, target, body, upgrade).await {
            Ok(response) => response,
            Err(status) if by_hand => pretty::indented(respond::status(&status, media)).await,
            Err(status) => respond::status(&status, media),
        };
        trace::mark(&mut response, &id);
        let (code, took) = (response.status().as_u16(), self.api.clock.now().duration_since(began));
        self.pages.metrics.record(&asked, code, took);
        trace::note(&id, &path, &asked, code, took);
        response
    }

    fn asked(&self, head: &Head, target: Option<&Target>) -> Asked {
        let applies = head.header(CONTENT_TYPE).is_some_and(|media| media.starts_with("application/apply-patch"));
        let dry_run = head.query.get("dryRun").is_some();
        let manner = Manner { watch: head.query.flag("watch"), apply: applies, dry_run };
        Asked::new(&self.api.rows.table(), &head.method, &head.path, target, &manner)
    }

    fn inflight(&self) -> Inflight {
        let (reads, writes) = (self.reads.available_permits(), self.writes.available_permits());
        Inflight { reads: READS.saturating_sub(reads), writes: WRITES.saturating_sub(writes) }
    }

    async fn answer(
        self: Arc<Self>,
        peer: Option<Arc<Identity>>,
        head: Head,
        target: Option<Target>,
        body: Incoming,
        upgrade: OnUpgrade,
    ) -> Result<Response, Status> {
        let identity = self.authentication.identify(&self.api, peer, &head.path, &head.headers).await?;
        if let Some(remote) = self.api.aggregation.of_path(&head.path) {
            return Box::pin(self.pass_on(&identity, &head, target.as_ref(), &remote).answer(body, upgrade)).await;
        }
        match target {
            None => Err(Status::bad_request("the path is not UTF-8")),
            Some(Target::Other) => self.page(&identity, &head).await,
            Some(Target::Resource(target)) if connect::concerns(&target) => {
                let Head { method, query, headers, .. } = &head;
                let (api, method) = (&*self.api, method.clone());
                let connecting =
                    connect::Connecting { api, identity: &identity, target: &target, query, method, headers };
                Box::pin(connecting.answer(upgrade)).await // larger than any other answer
            }
            Some(Target::Resource(target)) if proxy::concerns(&target) => {
                let Head { method, path, raw_query, headers, .. } = &head;
                let (api, method, query) = (&*self.api, method.clone(), raw_query.as_deref());
                let (identity, target) = (&identity, &target);
                let proxying = proxy::Proxying { api, identity, target, method, path, query, headers };
                Box::pin(proxying.answer(body, upgrade)).await // as large
            }
            Some(Target::Resource(target)) => self.resource(identity, head, target, body).await,
        }
    }

    fn pass_on<'a>(
        &'a self,
        identity: &'a Identity,
        head: &'a Head,
        target: Option<&'a Target>,
        remote: &'a Remote,
    ) -> PassingOn<'a> {
        let Head { method, path, raw_query, query, headers } = head;
        let (api, method, query, watches) = (&*self.api, method.clone(), raw_query.as_deref(), query.flag("watch"));
        PassingOn { api, identity, remote, target, method, path, query, watches, headers }
    }

    async fn page(&self, identity: &Identity, head: &Head) -> Result<Response, Status> {
        let verb = head.method.as_str().to_lowercase();
        self.api.authorizer.check(identity, &Attributes::of_path(&verb, &head.path))?;
        let health = ["/healthz", "/livez", "/readyz"].iter().any(|page| head.path.starts_with(page));
        if !health && !matches!(head.method, Method::GET | Method::HEAD) {
            return Err(Status::method_not_allowed());
        }
        if head.path == "/metrics" {
            return Ok(self.pages.metrics.answer(&self.api, &self.inflight()));
        }
        let page = self.pages.answer(&self.api, &head.path, &head.query, &head.headers).await;
        let always = matches!(head.path.as_str(), "/" | "/version");
        let never = head.path.starts_with("/open") || head.path.starts_with("/.well-known");
        Ok(if always || head.is_by_hand() && !never { pretty::indented(page).await } else { page })
    }

    async fn resource(
        self: Arc<Self>,
        identity: Arc<Identity>,
        head: Head,
        target: ResourcePath,
        body: Incoming,
    ) -> Result<Response, Status> {
        let watch = head.query.flag("watch");
        let verb = target.verb(&head.method, watch).ok_or_else(Status::method_not_allowed)?;
        let request = self.request(verb, &target, &head)?;
        if !self.api.rows.table().has_group(&target.resource.group) {
            self.api.authorizer.check(&identity, &Attributes::of_request(&request))?;
            return Ok(respond::no_page());
        }
        if verb == Verb::Watch {
            return self.watch(identity, request, &head).await;
        }
        let room = if matches!(verb, Verb::Get | Verb::List) { &self.reads } else { &self.writes };
        let Ok(Ok(_permit)) = tokio::time::timeout(QUEUED, room.acquire()).await else {
            return Err(Status::too_many_requests("too many requests, please try again later", 1));
        };
        let (request, payload) = self.with_body(request, &head, body).await?;
        let accepted = self.accepted(&request, &head)?;
        let call = Call { identity, request, payload };
        let outcome = self.api.call(&call).await;
        let outcome = outcome?;
        let code = if outcome.created { 201 } else { 200 };
        let table = self.api.rows.table();
        let row = table.served(&call.request.resource).map(|row| &**row);
        let presenting = Presenting {
            row,
            version: &call.request.resource.version,
            accepted,
            now: self.api.clock.now(),
            include: head.query.get("includeObject").unwrap_or("Metadata"),
            gzip: head.takes_gzip(),
        };
        let mut response = presenting.answer(code, outcome.answer, &self.long_lists);
        respond::warn(&mut response, &outcome.warnings);
        Ok(if head.is_by_hand() { pretty::indented(response).await } else { response })
    }

    fn request(&self, verb: Verb, target: &ResourcePath, head: &Head) -> Result<ApiRequest, Status> {
        let mut request = ApiRequest::new(verb, target.resource.clone(), target.key.clone());
        request.subresource = target.subresource.clone();
        request.list = match verb {
            Verb::List | Verb::Watch | Verb::DeleteCollection => head.query.list_options()?,
            _ => head.query.get_options(),
        };
        let options = match verb {
            Verb::Create => "CreateOptions",
            Verb::Update => "UpdateOptions",
            Verb::Patch => "PatchOptions",
            _ => "DeleteOptions",
        };
        if matches!(verb, Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection) {
            request.write = head.query.write_options(options)?;
        }
        let applies = head.header(CONTENT_TYPE).is_some_and(|t| t.starts_with("application/apply-patch"));
        if verb == Verb::Patch && !applies {
            head.query.check_not_forced()?;
        }
        if request.write.field_manager.is_empty() && !(verb == Verb::Patch && applies) {
            request.write.field_manager = manager_of_agent(head.header(USER_AGENT).unwrap_or(""));
        }
        Ok(request)
    }

    /// Custom kinds have no messages.
    fn is_builtin(&self, resource: &Gvr) -> bool {
        self.api.rows.table().served(resource).is_some_and(|row| !row.def.custom)
    }

    fn accepted(&self, request: &ApiRequest, head: &Head) -> Result<Accepted, Status> {
        let builtin = self.is_builtin(&request.resource);
        if builtin {
            accept::check_produced(head.header(ACCEPT), matches!(request.verb, Verb::List | Verb::Watch))?;
        }
        let accepted = accept::negotiate(head.header(ACCEPT), builtin)?;
        if accepted.view == View::Table {
            head.query.check_included()?;
        }
        let table = self.api.rows.table();
        // What is only ever answered, such as a review, has no row in any table and no metadata worth asking for.
        let answered_only = table.served(&request.resource).is_some_and(|row| !row.def.verbs.contains(&Verb::Get));
        match accepted.view {
            View::Whole => Ok(accepted),
            _ if answered_only => Err(accept::not_acceptable()),
            _ => Ok(accepted),
        }
    }

    async fn watch(&self, identity: Arc<Identity>, request: ApiRequest, head: &Head) -> Result<Response, Status> {
        let accepted = self.accepted(&request, head)?;
        let mut request = request;
        if !request.key.name.is_empty() {
            let own = format!("metadata.name={}", request.key.name);
            let fields = &mut request.list.field_selector;
            *fields = if fields.is_empty() { own } else { format!("{own},{fields}") };
            request.key.name = Default::default();
        }
        let call = Arc::new(Call { identity, request, payload: Payload::None });
        let following = self.api.watch(&call).await?;
        let table = self.api.rows.table();
        let row = table.served(&call.request.resource).ok_or_else(Status::no_such_page)?.clone();
        let streaming = stream::Streaming {
            api: self.api.clone(),
            call,
            row,
            accepted,
            include: head.query.get("includeObject").unwrap_or("Metadata").to_string(),
            stopping: self.stopping.clone(),
        };
        Ok(stream::respond(streaming, following))
    }

    async fn with_body(
        &self,
        mut request: ApiRequest,
        head: &Head,
        body: Incoming,
    ) -> Result<(ApiRequest, Payload), Status> {
        match request.verb {
            Verb::Create | Verb::Update => {
                let text = body::read(body).await?;
                Ok((request, object_payload(head.header(CONTENT_TYPE), text)?))
            }
            Verb::Patch => {
                let kind = patch_kind(head.header(CONTENT_TYPE))?;
                let text = body::read(body).await?;
                Ok((request, Payload::Patch(kind, text)))
            }
            Verb::Delete | Verb::DeleteCollection => {
                let text = body::read(body).await?;
                let options = delete_body(head.header(CONTENT_TYPE), &text)?;
                request.delete = head.query.delete_options(&options)?;
                if options.items("dryRun").iter().any(|v| v.as_str() == Some("All")) {
                    request.write.dry_run = true;
                }
                Ok((request, Payload::None))
            }
            _ => Ok((request, Payload::None)),
        }
    }
}

fn media_type(header: Option<&str>) -> &str {
    header.unwrap_or("").split(';').next().unwrap_or("").trim()
}

fn object_payload(content_type: Option<&str>, text: Bytes) -> Result<Payload, Status> {
    match media_type(content_type) {
        "" | "application/json" => Ok(Payload::Text(text, Format::Json)),
        "application/yaml" => Ok(Payload::Text(text, Format::Yaml)),
        "application/vnd.kubernetes.protobuf" => Ok(Payload::Protobuf(text)),
        _ => Err(unsupported_media()),
    }
}

fn patch_kind(content_type: Option<&str>) -> Result<PatchKind, Status> {
    match media_type(content_type) {
        "application/json-patch+json" => Ok(PatchKind::Json),
        "application/merge-patch+json" => Ok(PatchKind::Merge),
        "application/strategic-merge-patch+json" => Ok(PatchKind::Strategic),
        "application/apply-patch+yaml" => Ok(PatchKind::Apply),
        _ => {
            let status = Status::failure(Reason::UnsupportedMediaType, "415: Unsupported Media Type");
            Err(Status { details: Some(Box::default()), ..status })
        }
    }
}

fn delete_body(content_type: Option<&str>, text: &Bytes) -> Result<meta::Value, Status> {
    if text.is_empty() {
        return Ok(meta::Value::Null);
    }
    match object_payload(content_type, text.clone())? {
        Payload::Text(text, Format::Yaml) => {
            schema::yaml::parse(&text).map(|parsed| parsed.value).map_err(|error| Status::bad_request(error.0))
        }
        Payload::Text(text, Format::Json) => deletion(&text),
        Payload::Protobuf(bytes) => {
            let schema = kinds::schema_of(DELETE_OPTIONS).ok_or_else(unsupported_media)?;
            schema.from_protobuf(&bytes).map_err(|error| Status::bad_request(error.to_string()))
        }
        _ => Err(unsupported_media()),
    }
}

const DELETE_OPTIONS: &str = "meta.v1.DeleteOptions";

/// The options of a deletion in JSON; a body that states no kind means them, too.
fn deletion(text: &Bytes) -> Result<meta::Value, Status> {
    if text.trim_ascii() == b"null" {
        return Ok(meta::Value::Null);
    }
    let refused = |error: schema::DecodeError| Status::bad_request(error.to_string());
    let given = schema::type_meta(text, Format::Json).map_err(refused)?;
    if !matches!(given.kind.as_str(), "" | "DeleteOptions") {
        let (kind, version) = (&given.kind, &given.api_version);
        let scheme = "in scheme \"pkg/runtime/scheme.go:111\"";
        return Err(Status::bad_request(format!("no kind {kind:?} is registered for version {version:?} {scheme}")));
    }
    let schema = kinds::schema_of(DELETE_OPTIONS).ok_or_else(unsupported_media)?;
    schema.decode(text, Format::Json).map(|decoded| decoded.value).map_err(refused)
}
