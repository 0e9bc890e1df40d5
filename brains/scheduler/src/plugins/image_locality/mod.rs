//! Nodes that already hold a pod's images are better: the larger the images and the more nodes hold them, lest all
//! pods of an image gather on one.

use crate::cluster::Cluster;
use crate::framework::{BEST_SCORE, Plugin, PreScore, Score};
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use meta::CompactString;

const MIB: i64 = 1024 * 1024;
/// Images smaller than the one are quickly fetched; larger ones than the other are not told apart.
const SMALLEST: i64 = 23 * MIB;
const LARGEST_A_CONTAINER: i64 = 1000 * MIB;

pub struct ImageLocality;

struct Images<'a> {
    /// Each with the part of all nodes that hold it.
    known: Vec<(&'a CompactString, f64)>,
    containers: i64,
}

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }

    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }
}

impl PreScore for ImageLocality {
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        cluster: &'a Cluster,
        _nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>> {
        let part = |image: &'a CompactString| match cluster.nodes_with_image(image) {
            0 => None,
            nodes => Some((image, nodes as f64 / cluster.node_count() as f64)),
        };
        let known: Vec<_> = pod.images.iter().filter_map(part).collect();
        let containers = pod.images.len() as i64;
        (!known.is_empty()).then(|| Box::new(Images { known, containers }) as Box<dyn Score>)
    }
}

impl Score for Images<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let worth = |(image, part): &(&CompactString, f64)| (node.facts.image(image).unwrap_or(0) as f64 * part) as i64;
        let largest = LARGEST_A_CONTAINER * self.containers;
        let sum: i64 = self.known.iter().map(worth).sum();
        BEST_SCORE * (sum.clamp(SMALLEST, largest) - SMALLEST) / (largest - SMALLEST)
    }
}
