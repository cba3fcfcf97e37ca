//! Reading a body under a cap and a deadline.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use crate::refusals::Cause;

/// The whole body, refused as soon as it is known to be too large, before it is read where it says so.
pub(super) async fn read(body: Body, limit: usize, deadline: Duration) -> Result<Bytes, Cause> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Cause::BodyTooLarge { limit });
    }
    let limit_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    tokio::time::timeout(deadline, collect(body, limit))
        .await
        .unwrap_or(Err(Cause::BodyLate { limit_ms }))
}

/// A body in one piece, as nearly all are, is not copied.
async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Cause> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Cause::BodyBroken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len().max(whole.len()) + data.len() > limit {
            return Err(Cause::BodyTooLarge { limit });
        }
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() {
        first
    } else {
        whole.freeze()
    })
}
