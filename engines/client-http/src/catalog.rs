//! Discovery in its aggregated form, which every server since 1.27 has.

use crate::connection::Connections;
use bytes::Bytes;
use http::Method;
use meta::{CompactString, Gvr, Status, Value};
use plan::{Catalog, Served};
use std::collections::BTreeSet;

const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

pub async fn discover(connections: &Connections) -> Result<Catalog, Status> {
    let mut catalog = Catalog::default();
    for path in ["/api", "/apis"] {
        let answer = connections.send_accepting(Method::GET, path, "", ACCEPT, Bytes::new()).await?;
        let (code, body) = answer.whole().await?;
        if !code.is_success() {
            return Err(crate::refusal(code, &body));
        }
        let list = meta::parse(&body).map_err(|error| Status::internal(format!("discovery is no JSON: {error}")))?;
        list.items("items").iter().for_each(|group| add(group, &mut catalog));
    }
    Ok(catalog)
}

fn add(group: &Value, catalog: &mut Catalog) {
    let name = CompactString::from(group.str("metadata.name"));
    let mut known: BTreeSet<CompactString> = BTreeSet::new();
    for version in group.items("versions") {
        if version.str("freshness") == "Stale" {
            catalog.failed.insert(name.clone());
        }
        for resource in version.items("resources") {
            let plural = CompactString::from(resource.str("resource"));
            // The first version that has a resource is the preferred one.
            if known.insert(plural) {
                catalog.resources.push(served(group, &name, version.str("version"), resource));
            }
        }
    }
}

fn served(group: &Value, name: &CompactString, version: &str, resource: &Value) -> Served {
    let plural = CompactString::from(resource.str("resource"));
    let has = |version: &&Value| version.items("resources").iter().any(|other| other.str("resource") == plural);
    let versions = group.items("versions").iter().filter(has).map(|version| version.str("version").into()).collect();
    Served {
        resource: Gvr::new(name.clone(), version, plural),
        kind: resource.str("responseKind.kind").into(),
        namespaced: resource.str("scope") == "Namespaced",
        verbs: resource.items("verbs").iter().filter_map(Value::as_str).map(Into::into).collect(),
        versions,
    }
}
