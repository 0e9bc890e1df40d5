//! Events about pods and the node: repeated ones are counted, and nobody is flooded.

use client::{Api, ApiClient, PatchKind};
use clock::Clock;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Event, EventSource, Node, ObjectReference, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use meta::Value;
use plan::EventType;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;

const COMPONENT: &str = "kubelet";
/// Events of one subject: so many at once, and then one in so long.
const BURST: u32 = 25;
const REFILL: SignedDuration = SignedDuration::from_secs(300);
/// Past these the oldest knowledge is thrown away: repeated events then begin a new count.
const MOST_REMEMBERED: usize = 1024;

#[derive(Clone)]
pub struct Events {
    queue: mpsc::UnboundedSender<Telling>,
    clock: Arc<dyn Clock>,
}

struct Telling {
    about: ObjectReference,
    kind: EventType,
    reason: String,
    message: String,
    at: Timestamp,
}

impl Events {
    pub fn start(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>, node: &str) -> Events {
        let (queue, tellings) = mpsc::unbounded_channel();
        let writer = Writer {
            client,
            clock: clock.clone(),
            node: node.into(),
            counts: BTreeMap::new(),
            buckets: BTreeMap::new(),
        };
        tokio::spawn(writer.run(tellings));
        Events { queue, clock }
    }

    pub fn pod(&self, pod: &Pod, container: Option<&str>, kind: EventType, reason: &str, message: impl Into<String>) {
        let field_path = container.map(|name| field_path(pod, name));
        self.tell(ObjectReference { field_path, ..pod_reference(pod) }, kind, reason, message.into());
    }

    pub fn node(&self, node: &Node, kind: EventType, reason: &str, message: impl Into<String>) {
        let name = node.metadata.name.clone();
        let about = ObjectReference {
            kind: Some("Node".into()),
            // The node's events are found by its name.
            uid: name.clone(),
            name,
            ..ObjectReference::default()
        };
        self.tell(about, kind, reason, message.into());
    }

    fn tell(&self, about: ObjectReference, kind: EventType, reason: &str, message: String) {
        let telling = Telling { about, kind, reason: reason.into(), message, at: self.clock.now() };
        // The writer ends only with the process.
        let _ = self.queue.send(telling);
    }
}

fn pod_reference(pod: &Pod) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".into()),
        kind: Some("Pod".into()),
        name: pod.metadata.name.clone(),
        namespace: pod.metadata.namespace.clone(),
        uid: pod.metadata.uid.clone(),
        resource_version: pod.metadata.resource_version.clone(),
        field_path: None,
    }
}

fn field_path(pod: &Pod, container: &str) -> String {
    use podplan::spec::ContainerKind;
    let list = match podplan::spec::container(pod, container).map(|(kind, _)| kind) {
        Some(ContainerKind::Init | ContainerKind::Sidecar) => "initContainers",
        Some(ContainerKind::Ephemeral) => "ephemeralContainers",
        _ => "containers",
    };
    format!("spec.{list}{{{container}}}")
}

struct Count {
    name: String,
    namespace: String,
    times: i32,
}

struct Bucket {
    left: u32,
    filled: Timestamp,
}

struct Writer {
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    node: String,
    counts: BTreeMap<String, Count>,
    buckets: BTreeMap<String, Bucket>,
}

impl Writer {
    async fn run(mut self, mut tellings: mpsc::UnboundedReceiver<Telling>) {
        while let Some(telling) = tellings.recv().await {
            if self.may_tell(&telling) {
                self.write(telling).await;
            }
        }
    }

    fn may_tell(&mut self, telling: &Telling) -> bool {
        if self.buckets.len() > MOST_REMEMBERED {
            self.buckets.clear();
        }
        let key = format!("{:?}/{:?}", telling.about.uid, telling.about.kind);
        let bucket = self.buckets.entry(key).or_insert(Bucket { left: BURST, filled: telling.at });
        let since = telling.at.duration_since(bucket.filled).as_secs();
        let refills = u32::try_from(since / REFILL.as_secs()).unwrap_or(0);
        if refills > 0 {
            bucket.left = bucket.left.saturating_add(refills).min(BURST);
            bucket.filled = telling.at;
        }
        let allowed = bucket.left > 0;
        bucket.left = bucket.left.saturating_sub(1);
        allowed
    }

    async fn write(&mut self, telling: Telling) {
        if self.counts.len() > MOST_REMEMBERED {
            self.counts.clear();
        }
        let about = &telling.about;
        let key = format!("{:?}{:?}{}{}", about.uid, about.field_path, telling.reason, telling.message);
        let repeated = match self.counts.get_mut(&key) {
            Some(count) => {
                count.times += 1;
                repeat(&self.client, count, telling.at).await
            }
            None => false,
        };
        if !repeated && let Some(count) = self.create(&telling).await {
            self.counts.insert(key, count);
        }
    }

    async fn create(&self, telling: &Telling) -> Option<Count> {
        let namespace = telling.about.namespace.clone().unwrap_or_else(|| "default".into());
        let subject = telling.about.name.clone().unwrap_or_default();
        let name = format!("{subject}.{:016x}", self.clock.random());
        let metadata =
            ObjectMeta { name: Some(name.clone()), namespace: Some(namespace.clone()), ..ObjectMeta::default() };
        let event = Event {
            metadata,
            involved_object: telling.about.clone(),
            type_: Some(if telling.kind == EventType::Normal { "Normal" } else { "Warning" }.into()),
            reason: Some(telling.reason.clone()),
            message: Some(telling.message.clone()),
            source: Some(EventSource { component: Some(COMPONENT.into()), host: Some(self.node.clone()) }),
            reporting_component: Some(COMPONENT.into()),
            reporting_instance: Some(self.node.clone()),
            first_timestamp: Some(Time(telling.at)),
            last_timestamp: Some(Time(telling.at)),
            count: Some(1),
            ..Event::default()
        };
        match Api::<Event>::namespaced(self.client.clone(), &namespace).create(&event).await {
            Ok(_) => Some(Count { name, namespace, times: 1 }),
            Err(status) => {
                tracing::debug!(%status, reason = telling.reason, "an event was not taken");
                None
            }
        }
    }
}

/// False when the event is there no more.
async fn repeat(client: &Arc<dyn ApiClient>, count: &Count, at: Timestamp) -> bool {
    let mut patch = Value::map();
    patch.set("count", count.times);
    patch.set("lastTimestamp", meta::Time(at).to_string());
    let api = Api::<Event>::namespaced(client.clone(), &count.namespace);
    api.patch(&count.name, PatchKind::Merge, patch).await.is_ok()
}
