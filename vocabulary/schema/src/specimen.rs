//! Two schemas for tests: a built-in kind's, with what Go makes of it, and a custom kind's.

use crate::sketch::sketch;
use crate::{Details, Field, Inline, Node, Schema, Shape, Types};
use meta::Value;
use std::sync::Arc;

/// A small pod. Changes of it are made on its types before they are shared.
pub fn pod() -> Schema {
    let schema = sketch(
        r#"
io.k8s.api.core.v1.Pod
  apiVersion string
  kind string
  metadata!#1 io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
  spec!#2 io.k8s.api.core.v1.PodSpec
  status!#3 io.k8s.api.core.v1.PodStatus
io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
  name#1 string
  generateName#2 string
  creationTimestamp#8 time
  deletionTimestamp*#9 time
  labels#11 map string
  managedFields#17 list any
io.k8s.api.core.v1.PodSpec
  containers!#2 list(name) io.k8s.api.core.v1.Container
  restartPolicy#3 string default="Always"
  terminationGracePeriodSeconds*#4 int
  nodeSelector#7 map string
  hostNetwork#11 bool
  securityContext*#14 io.k8s.api.core.v1.PodSecurityContext
  volumes#1 list(name) io.k8s.api.core.v1.Volume
io.k8s.api.core.v1.PodSecurityContext
  runAsNonRoot*#3 bool
  supplementalGroups#4 list int
io.k8s.api.core.v1.Container
  name!#1 string
  args#4 list string
  ports#6 list(containerPort,protocol) io.k8s.api.core.v1.ContainerPort
  resources!#8 io.k8s.api.core.v1.ResourceRequirements
  livenessProbe*#10 io.k8s.api.core.v1.Probe
io.k8s.api.core.v1.ContainerPort
  hostPort#2 int32
  containerPort!#3 int32
  protocol!#4 string default="TCP"
io.k8s.api.core.v1.ResourceRequirements
  limits#1 map quantity
io.k8s.api.core.v1.Probe
  httpGet*#2 io.k8s.api.core.v1.HTTPGetAction
  periodSeconds#4 int32
io.k8s.api.core.v1.HTTPGetAction
  port!#2 intstr
io.k8s.api.core.v1.Volume
  name!#1 string
  emptyDir*#2 io.k8s.api.core.v1.EmptyDirVolumeSource
io.k8s.api.core.v1.EmptyDirVolumeSource
  medium#1 string
  sizeLimit*#2 quantity
io.k8s.api.core.v1.PodStatus
  conditions#2 list(type) io.k8s.api.core.v1.PodCondition
  renewed#5 microtime
  secret#6 bytes
  keys#7 map bytes
io.k8s.api.core.v1.PodCondition
  type!#1 string
  lastProbeTime!#3 time
"#,
    );
    let mut types = Arc::unwrap_or_clone(schema.types);
    embed(&mut types, "io.k8s.api.core.v1.Probe", "ProbeHandler", 1, &["httpGet"]);
    embed(&mut types, "io.k8s.api.core.v1.Volume", "VolumeSource", 2, &["emptyDir"]);
    let policy = Node { go: Some("v1.RestartPolicy".into()), ..Node::new(Shape::Str) };
    let policy = types.add(policy);
    field(&mut types, "io.k8s.api.core.v1.PodSpec", "restartPolicy").node = policy;
    Schema { types: Arc::new(types), root: schema.root }
}

fn field<'t>(types: &'t mut Types, holder: &str, name: &str) -> &'t mut Field {
    let id = types.named(holder).unwrap();
    match &mut types.nodes[id.0 as usize].shape {
        Shape::Struct(fields) => fields.fields.iter_mut().find(|field| field.name == name).unwrap(),
        _ => panic!("{holder} is no struct"),
    }
}

fn embed(types: &mut Types, holder: &str, go: &str, tag: u32, fields: &[&str]) {
    for name in fields {
        field(types, holder, name).inline = Some(0);
    }
    let id = types.named(holder).unwrap();
    if let Shape::Struct(fields) = &mut types.nodes[id.0 as usize].shape {
        fields.inlines.push(Inline { go: go.into(), tag, within: None });
    }
}

/// A custom kind with what prunes, defaults and forbids nulls.
pub fn custom() -> Schema {
    let schema = sketch(
        r#"
Root
  apiVersion string
  kind string
  metadata io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
  spec Spec
Spec
  size int default=1
  label string
  maybe string
  deep Deep default={"level":"low"}
  free any
  open Open
  parts list Part
  named map Deep
  inner Inner
Deep
  level string
Open keep
  known Known
Known
  a string
Part
  name string
  kind string default="a"
Inner
  apiVersion string
  kind string
  metadata io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
  name string
  creationTimestamp time
  labels map string
"#,
    );
    let mut types = Arc::unwrap_or_clone(schema.types);
    types.custom = true;
    let maybe = field(&mut types, "Spec", "maybe").node;
    types.nodes[maybe.0 as usize].nullable = true;
    let deep = types.named("Deep").unwrap();
    types.nodes[deep.0 as usize].details =
        Some(Box::new(Details { default: Some(Value::map()), ..Details::default() }));
    let inner = types.named("Inner").unwrap();
    if let Shape::Struct(fields) = &mut types.nodes[inner.0 as usize].shape {
        fields.embedded_resource = true;
    }
    Schema { types: Arc::new(types), root: schema.root }
}

/// The metadata of every object, as far as tests need it.
pub fn object_meta() -> Schema {
    let pod = pod();
    let id = pod.types.named(crate::types::OBJECT_META).unwrap();
    pod.at(id)
}
