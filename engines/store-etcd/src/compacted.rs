//! Which revision is the oldest that is kept: etcd tells it only to a watch that asked for an older one.

use crate::reading::{signed, unsigned};
use crate::watching::Feed;
use crate::wire::WatchCreateRequest;
use bytes::Bytes;
use std::time::Duration;
use tonic::transport::Channel;

/// etcd serves watches from the past ten times a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// The oldest revision that is kept, after etcd refused `asked` as compacted. `asked` may be the very oldest one:
/// a compaction asked for twice is refused as well.
pub async fn oldest(channel: Channel, asked: u64) -> Result<u64, tonic::Status> {
    let create = WatchCreateRequest {
        key: Bytes::from_static(b"\0"),
        start_revision: signed(asked.saturating_sub(1).max(1)),
        ..WatchCreateRequest::default()
    };
    let mut feed = Feed::open(channel, create).await?;
    let told = async {
        while let Some(response) = feed.responses.message().await? {
            if response.compact_revision > 0 {
                return Ok(unsigned(response.compact_revision));
            }
        }
        Err(tonic::Status::unavailable("etcd ended a watch without a word"))
    };
    // A watch that is served was not refused: nothing older than what was asked is gone.
    tokio::time::timeout(PATIENCE, told).await.unwrap_or(Ok(asked))
}
