//! What scheduling reads of a node's JSON.

use crate::resources::ResourceList;
use crate::taints::Taint;
use meta::CompactString;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeManifest {
    pub(super) spec: NodeSpec,
    pub(super) status: NodeStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeSpec {
    pub(super) unschedulable: bool,
    pub(super) taints: Option<Vec<Taint>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeStatus {
    pub(super) allocatable: Option<ResourceList>,
    pub(super) images: Option<Vec<Image>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Image {
    pub(super) names: Option<Vec<CompactString>>,
    pub(super) size_bytes: i64,
}
