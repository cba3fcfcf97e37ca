//! Debug open: the debug token signs, the access token stands inside (design, section 6).

use axum::response::Response;
use ringback_dialect::zone::{Keys, OpenFrame, Outcome, Reason};

use super::{Opened, Peer};
use crate::debug::program_of_credential;
use crate::errcode::Refusal;
use crate::zone::Zone;

/// The keys of a live debug credential.
pub(super) fn keys(zone: &Zone, credential_id: &str) -> Option<Keys> {
    let snapshot = zone.snapshot();
    let program = program_of_credential(&snapshot, credential_id)?;
    let credential = program.debug.credential.as_ref()?;
    Some(Keys::new(&credential.token))
}

/// The session's key, or an error reply whose code is the platform's number.
pub(super) async fn answer(zone: &Zone, peer: &Peer, opened: &Opened) -> Response {
    let Ok(frame) = serde_json::from_slice::<OpenFrame>(&opened.plaintext) else {
        return peer.refused(zone, opened.request_id(), Reason::PlaintextNotJson);
    };
    let token = frame.access_token.expose_str().unwrap_or_default();
    let nonce = opened.nonce(zone);
    match zone.open_session(&peer.key_id, token, nonce).await {
        Ok(session) => {
            let json = serde_json::to_vec(&session).unwrap_or_default();
            peer.sealed(zone, opened.request_id(), Outcome::Ok, &json)
        }
        Err(Refusal {
            errcode,
            errmsg,
            cause,
        }) => {
            let cause = cause.as_deref().unwrap_or(&errmsg);
            if zone.may_tell() {
                tracing::info!(
                    credential = peer.key_id,
                    errcode,
                    cause,
                    "debug mode was not opened"
                );
            }
            peer.error(zone, opened.request_id(), errcode)
        }
    }
}
