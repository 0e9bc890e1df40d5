//! Reading a request's body within bounds.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use meta::Status;
use std::time::Duration;

/// As upstream: larger than etcd's own limit, so that the store says what is too large for it.
pub const MOST: usize = 3 * 1024 * 1024;
/// A body that does not arrive in this time is given up.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn read(mut body: Incoming) -> Result<Bytes, Status> {
    let all = async {
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Status::bad_request(format!("the body could not be read: {error}")))?;
            if let Ok(data) = frame.into_data() {
                if whole.len() + data.len() > MOST {
                    return Err(Status::too_large(format!("limit is {MOST}")));
                }
                whole.extend_from_slice(&data);
            }
        }
        Ok(whole.freeze())
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| Err(Status::timeout("the body did not arrive", 0)))
}
