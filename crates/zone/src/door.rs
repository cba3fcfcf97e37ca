//! The zone's door for programs: `/zone/invoke/{api}` and `/zone/open` (design, section 6, "The channel").
//!
//! Checks come in the design's order and before any work: key id, version and time before the body is
//! read. The peer learns a code only; the log says which check failed. Until a signature has held, a
//! request has only the [`Unverified`] room of the key it names: whoever has none keeps out nobody else.

mod invoke;
mod open;

use std::sync::Arc;

use axum::Router;
use axum::body::{HttpBody as _, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use ringback_dialect::zone::{
    Address, Flow, Head, Keys, Message, Nonces, Outcome, Reason, Sealed, header, open as unseal,
    seal, unsigned_refusal,
};
use ringback_store::Statement;

use crate::records;
use crate::registry::{Speaker, Traffic};
use crate::unverified::{BODY_BYTES, Unverified};
use crate::zone::Zone;

pub(crate) fn routes(zone: &Zone) -> Router {
    Router::new()
        .route("/zone/invoke/{api}", post(serve_invoke))
        .route("/zone/open", post(serve_open))
        .with_state(zone.clone())
}

/// Somebody who may speak, with what answers are sealed by.
struct Peer {
    keys: Keys,
    key_id: String,
    version: u32,
    flow: Flow,
    target: String,
}

/// A request that was verified.
struct Opened {
    head: Head,
    plaintext: Vec<u8>,
}

/// Why a request was not let in.
enum Shut {
    /// There is no room to read it.
    Busy,
    /// Its body did not arrive in time.
    Late,
    /// A check failed; with the id of the request, as far as it is known.
    Refused { request_id: String, reason: Reason },
}

impl Shut {
    fn refused(request_id: &str, reason: Reason) -> Self {
        Self::Refused {
            request_id: request_id.to_owned(),
            reason,
        }
    }
}

async fn serve_invoke(
    State(zone): State<Zone>,
    Path(api): Path<String>,
    request: Request,
) -> Response {
    let address = match Address::read(request.headers()) {
        Ok(address) => address,
        Err(reason) => return unsealed(&zone, reason),
    };
    let now = zone.now();
    let speaker = zone.snapshot().live_speaker(address.key_id, now).cloned();
    let Some(speaker) = speaker else {
        return unsealed(&zone, Reason::KeyIdUnknown);
    };
    let Some(keys) = speaker.ring.of(address.version).cloned() else {
        return match Peer::of_ring(&speaker, &api) {
            Some(peer) => peer.refused(&zone, "", Reason::VersionUnknown),
            None => unsealed(&zone, Reason::VersionUnknown),
        };
    };
    let peer = Peer {
        key_id: address.key_id.to_owned(),
        version: address.version,
        flow: Flow::InvokeReply,
        target: api,
        keys,
    };
    let Traffic {
        unverified, nonces, ..
    } = &*speaker.traffic;
    let opened = peer.open(&zone, unverified, nonces, Flow::Invoke, request);
    let opened = match opened.await {
        Ok(opened) => opened,
        Err(shut) => return peer.shut(&zone, shut),
    };
    speaker.ring.note_used(peer.version);
    let Ok(_place) = Arc::clone(&speaker.traffic.places).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    invoke::answer(&zone, &speaker, &peer, opened).await
}

async fn serve_open(State(zone): State<Zone>, request: Request) -> Response {
    let address = match Address::read(request.headers()) {
        Ok(address) if address.version == 1 => address,
        Ok(_) => return unsealed(&zone, Reason::VersionUnknown),
        Err(reason) => return unsealed(&zone, reason),
    };
    let Some(keys) = open::keys(&zone, address.key_id) else {
        return unsealed(&zone, Reason::KeyIdUnknown);
    };
    let peer = Peer {
        key_id: address.key_id.to_owned(),
        version: address.version,
        flow: Flow::OpenReply,
        target: OPEN.to_owned(),
        keys,
    };
    let (unverified, nonces) = zone.opening();
    let opened = peer.open(&zone, unverified, nonces, Flow::Open, request);
    match opened.await {
        Ok(opened) => open::answer(&zone, &peer, &opened).await,
        Err(shut) => peer.shut(&zone, shut),
    }
}

/// The target of the open flow.
const OPEN: &str = "open";

/// With no usable key there is nothing to sign by.
fn unsealed(zone: &Zone, reason: Reason) -> Response {
    log(zone, reason, "");
    let Sealed { headers, body } = unsigned_refusal();
    written(headers, body)
}

fn log(zone: &Zone, reason: Reason, key_id: &str) {
    let code = reason.code();
    let stable = ringback_types::Coded::code(&reason);
    if zone.may_tell() {
        tracing::info!(key_id, code, cause = %stable, "a request at the zone's door was refused: {reason}");
    }
    metrics::counter!("ringback_zone_door_refusals_total", "reason" => reason.as_str())
        .increment(1);
}

impl Peer {
    /// A peer that is answered by the zone's own current version.
    fn of_ring(speaker: &Speaker, api: &str) -> Option<Self> {
        let version = speaker.ring.used();
        Some(Self {
            keys: speaker.ring.of(version)?.clone(),
            key_id: speaker.ring.key_id().to_owned(),
            version,
            flow: Flow::InvokeReply,
            target: api.to_owned(),
        })
    }

    /// Reads and verifies a request.
    async fn open(
        &self,
        zone: &Zone,
        unverified: &Unverified,
        nonces: &Nonces,
        flow: Flow,
        request: Request,
    ) -> Result<Opened, Shut> {
        let now = zone.store().clock().wire();
        let head = Head::read(request.headers(), flow, now);
        let head = head.map_err(|reason| Shut::refused("", reason))?;
        let refuse = |reason| Shut::refused(&head.request_id, reason);
        let length = request.body().size_hint().exact();
        let room = unverified.enter(length).ok_or(Shut::Busy)?;
        let body = to_bytes(request.into_body(), BODY_BYTES);
        let body = tokio::time::timeout(room.body_time(), body).await;
        let body = body.map_err(|_| Shut::Late)?;
        let body = body.map_err(|_| refuse(Reason::BodyShape))?;
        let plaintext = unseal(&self.keys, flow, &self.target, &head, &body).map_err(refuse)?;
        // Only what was signed counts, or anybody could use up the room.
        nonces.remember(head.nonce, now).map_err(refuse)?;
        Ok(Opened { head, plaintext })
    }

    fn shut(&self, zone: &Zone, shut: Shut) -> Response {
        match shut {
            Shut::Busy => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Shut::Late => StatusCode::REQUEST_TIMEOUT.into_response(),
            Shut::Refused { request_id, reason } => self.refused(zone, &request_id, reason),
        }
    }

    fn refused(&self, zone: &Zone, request_id: &str, reason: Reason) -> Response {
        log(zone, reason, &self.key_id);
        self.error(zone, request_id, reason.code())
    }

    /// A signed reply without content; the code stands beside it.
    fn error(&self, zone: &Zone, request_id: &str, code: i32) -> Response {
        let mut response = self.sealed(zone, request_id, Outcome::Error, b"");
        if let Ok(value) = HeaderValue::try_from(code.to_string()) {
            response.headers_mut().insert(header::REFUSAL, value);
        }
        response
    }

    fn sealed(
        &self,
        zone: &Zone,
        request_id: &str,
        outcome: Outcome,
        plaintext: &[u8],
    ) -> Response {
        let message = Message {
            flow: self.flow,
            target: &self.target,
            key_id: &self.key_id,
            version: self.version,
            request_id,
            outcome: Some(outcome),
            plaintext,
        };
        let now = zone.store().clock().wire();
        let Sealed { headers, body } = seal(&self.keys, &message, now, zone.random().secret());
        written(headers, body)
    }
}

fn written(headers: HeaderMap, body: Bytes) -> Response {
    let mut response = body.into_response();
    *response.headers_mut() = headers;
    response
}

impl Opened {
    /// The row that lets this request have its effect once, in the same write as the effect.
    fn nonce(&self, zone: &Zone) -> Statement {
        let expires_at = zone.now().plus(ringback_dialect::zone::NONCE_LIFETIME * 2);
        records::jobs::insert_nonce(self.head.nonce.to_vec(), expires_at)
    }

    fn request_id(&self) -> &str {
        &self.head.request_id
    }
}
