//! Volumes on disk that have grown over their limit: their pod ends.

use super::volume_dir;
use crate::context::Context;
use crate::pods::dispatch::Roster;
use k8s_openapi::api::core::v1::{Pod, Volume};
use meta::Quantity;
use plan::EventType;
use podplan::Verdict;
use podplan::spec::{api_status, is_terminal, spec, uid};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const BYTES_A_BLOCK: u64 = 512;

/// Looks at pods that limit a volume, and at no others.
pub fn judge(context: &Context, roster: &Roster) {
    for pod in roster.pods().iter().filter(|pod| !is_terminal(api_status(pod).phase.as_deref())) {
        if let Some(message) = excess(context, pod) {
            context.events.pod(pod, None, EventType::Warning, "Evicted", message.clone());
            roster.judge(uid(pod), Verdict { reason: "Evicted".into(), message, refused: false });
        }
    }
}

fn excess(context: &Context, pod: &Pod) -> Option<String> {
    spec(pod).volumes.iter().flatten().find_map(|volume| {
        let (text, limit) = limit(volume)?;
        let used = usage(&volume_dir(context, pod, "empty-dir", &volume.name));
        let name = &volume.name;
        (used > limit).then(|| format!("Usage of EmptyDir volume \"{name}\" exceeds the limit \"{text}\". "))
    })
}

/// Memory is limited by the kernel itself.
fn limit(volume: &Volume) -> Option<(String, u64)> {
    let source = volume.empty_dir.as_ref().filter(|source| source.medium.as_deref() != Some("Memory"))?;
    let quantity = Quantity::parse(&source.size_limit.as_ref()?.0).ok()?;
    let bytes = u64::try_from(quantity.value()).ok().filter(|bytes| *bytes > 0)?;
    Some((quantity.to_string(), bytes))
}

/// What cannot be read takes no room that is known of.
fn usage(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else { return 0 };
    let below = match meta.is_dir() {
        true => fs::read_dir(path).into_iter().flatten().flatten().map(|entry| usage(&entry.path())).sum(),
        false => 0,
    };
    meta.blocks() * BYTES_A_BLOCK + below
}
