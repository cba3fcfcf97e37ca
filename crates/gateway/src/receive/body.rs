//! Reading a body under a cap and a budget.

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use ringback_types::Code;

use super::outcome::Outcome;
use crate::limit::Share;
use crate::refusals::Cause;

/// The whole body, refused as soon as it is known to be too large, before it is read where it says so.
/// What is held of it counts in `share` for as long as that lives.
pub(super) async fn read(
    mut body: Body,
    limit: usize,
    share: &mut Share<'_>,
) -> Result<Bytes, Outcome> {
    let refused = |cause| Err(Outcome::Refused(cause));
    if body.size_hint().lower() > limit as u64 {
        return refused(Cause::BodyTooLarge { limit });
    }
    let mut read = Pieces::default();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return refused(Cause::BodyBroken);
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if read.len() + data.len() > limit {
            return refused(Cause::BodyTooLarge { limit });
        }
        if !share.grow(data.len()) {
            return Err(Outcome::Busy(Code::new("gateway.body_budget")));
        }
        read.push(data);
    }
    Ok(read.whole())
}

/// What has been read; a body in one piece, as nearly all are, is not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    joined: BytesMut,
}

impl Pieces {
    fn len(&self) -> usize {
        self.first.len().max(self.joined.len())
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.joined.is_empty() {
            self.first = data;
        } else {
            self.joined
                .extend_from_slice(&std::mem::take(&mut self.first));
            self.joined.extend_from_slice(&data);
        }
    }

    fn whole(self) -> Bytes {
        if self.joined.is_empty() {
            self.first
        } else {
            self.joined.freeze()
        }
    }
}
