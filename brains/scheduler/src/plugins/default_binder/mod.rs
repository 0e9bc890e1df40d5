//! Binds a pod through its `binding` subresource.

use crate::framework::{Bind, Plugin};
use crate::pod::PodInfo;
use meta::{Gvr, value};
use plan::Action;

pub struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> &'static str {
        "DefaultBinder"
    }

    fn bind(&self) -> Option<&dyn Bind> {
        Some(self)
    }
}

impl Bind for DefaultBinder {
    fn bind(&self, pod: &PodInfo, node: &str) -> Option<Action> {
        let key = pod.key();
        let object = value!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": (&key.name), "namespace": (&key.namespace), "uid": (pod.uid())},
            "target": {"kind": "Node", "name": node},
        });
        Some(Action::Post { resource: Gvr::new("", "v1", "pods"), key, subresource: "binding", object })
    }
}
