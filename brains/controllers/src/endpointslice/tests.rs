use super::*;
use k8s_openapi::api::discovery::v1::Endpoint;
use meta::{Object, Value, value};
use std::sync::Arc;

#[test]
fn endpoint_slices() {
    crate::testing::check(&EndpointSlices, "endpointslice");
}

fn put(view: &mut View, resource: &meta::Gvr, object: &Value) {
    view.kind_mut(resource).insert(Arc::new(Object::from_value(object).unwrap()));
}

fn world(pods: usize) -> View {
    let mut view = View::of(&EndpointSlices.reads());
    put(&mut view, &Node::gvr(), &value!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"}}));
    let service = value!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default", "uid": "s"},
        "spec": {"clusterIP": "10.0.0.1", "ipFamilies": ["IPv4"], "selector": {"app": "web"}, "ports": [{"port": 80}]}});
    put(&mut view, &Service::gvr(), &service);
    for i in 0..pods {
        add_pod(&mut view, i);
    }
    view
}

fn add_pod(view: &mut View, i: usize) {
    let ip = format!("10.1.{}.{}", i / 256, i % 256);
    let mut pod = value!({"apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": "node1", "containers": []},
        "status": {"phase": "Running", "podIP": (ip.as_str()), "podIPs": [{"ip": (ip.as_str())}]},
        "metadata": {"namespace": "default", "labels": {"app": "web"}}});
    pod.set("metadata.name", format!("p{i:04}"));
    put(view, &Pod::gvr(), &pod);
}

/// Does what a plan says, and tells how many slices were created, updated and deleted.
fn apply(view: &mut View, moment: u64) -> [usize; 3] {
    let plan =
        EndpointSlices.reconcile(&Key::new("default", "web"), view, &Moment::new(jiff::Timestamp::UNIX_EPOCH, moment));
    let mut counts = [0; 3];
    for action in plan.actions {
        match action {
            plan::Action::Create { resource, object, .. } => {
                counts[0] += 1;
                put(view, &resource, &object);
            }
            plan::Action::Update { resource, object, .. } => {
                counts[1] += 1;
                put(view, &resource, &object);
            }
            plan::Action::Delete { resource, key, .. } => {
                counts[2] += 1;
                view.kind_mut(&resource).remove(&key);
            }
            other => panic!("{other:?}"),
        }
    }
    counts
}

fn sizes(view: &View) -> Vec<usize> {
    let mut sizes: Vec<usize> = view.all::<EndpointSlice>().map(|slice| slice.endpoints.len()).collect();
    sizes.sort_unstable();
    sizes
}

#[test]
fn a_hundred_endpoints_fill_a_slice_and_few_slices_change() {
    let mut view = world(250);
    assert_eq!(apply(&mut view, 1), [3, 0, 0]);
    assert_eq!(sizes(&view), [50, 100, 100]);
    assert_eq!(apply(&mut view, 2), [0, 0, 0], "nothing is left to do");
    add_pod(&mut view, 250);
    assert_eq!(apply(&mut view, 3), [0, 1, 0], "it goes where there is room");
    assert_eq!(sizes(&view), [51, 100, 100]);
    for i in 0..250 {
        view.kind_mut(&Pod::gvr()).remove(&Key::new("default", format!("p{i:04}")));
    }
    assert_eq!(apply(&mut view, 4), [0, 1, 2]);
    let left: Vec<Endpoint> = view.all::<EndpointSlice>().flat_map(|slice| slice.endpoints.clone()).collect();
    assert_eq!(left.len(), 1);
    view.kind_mut(&Pod::gvr()).remove(&Key::new("default", "p0250"));
    assert_eq!(apply(&mut view, 5), [0, 1, 0], "the last slice becomes the placeholder");
    assert_eq!((sizes(&view), apply(&mut view, 6)), (vec![0], [0, 0, 0]));
}
