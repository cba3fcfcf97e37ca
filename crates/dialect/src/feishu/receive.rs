//! The receiver: verify, decrypt, read (section 10; design, section 10).
//!
//! Where signature headers are present they are checked over the raw bytes before anything is
//! decrypted. Without them, and with an Encrypt Key set, the only thing a body may be is a
//! challenge with the right verification token.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use bytes::Bytes;
use http::{HeaderMap, Method};
use ringback_types::WireTime;

use super::crypto::{EncryptKey, decrypt, sign};
use super::envelope::{Envelope, json_string};
use super::{NONCE_HEADER, SIGNATURE_HEADER, Secrets, TIMESTAMP_HEADER};
use crate::headers::single;
use crate::json::text;
use crate::{Dialect, Incoming, Message, Reason, Received, Refusal, Reply, unix_seconds};

/// How far a signed timestamp may be from now unless a setting says otherwise.
///
/// Whether a retry is signed afresh is not documented (3.1), and the last one comes 7.1 hours after
/// the first try, so that a shorter window could lose events; duplicates inside it are dropped by
/// their id, which is kept for longer.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_hours(8);

/// The same for callbacks, which are never tried again and never deduplicated.
const CALL_TOLERANCE: Duration = Duration::from_mins(5);

/// The receive half: current secrets, and the ones before them while a rotation lasts.
#[derive(Debug, Clone)]
pub struct Receiver {
    current: Arc<Secrets>,
    previous: Option<Arc<Secrets>>,
    tolerance: Option<Duration>,
}

/// What speaks for a request before its token is looked at.
#[derive(Debug, Clone, Copy)]
enum Proof<'a> {
    /// Its signature fits under this key; so far is its timestamp from now, where that is checked.
    Signed(&'a EncryptKey, Option<Duration>),
    /// It came encrypted, but unsigned.
    Encrypted,
    /// It came in clear and unsigned.
    Nothing,
}

/// The three headers of 3.1.
struct SignatureHeaders<'a> {
    timestamp: &'a [u8],
    nonce: &'a [u8],
    signature: &'a [u8],
}

impl Receiver {
    /// A receiver with these secrets and the [`DEFAULT_TOLERANCE`].
    pub fn new(current: Secrets) -> Self {
        Self {
            current: Arc::new(current),
            previous: None,
            tolerance: Some(DEFAULT_TOLERANCE),
        }
    }

    /// Also accepts these older secrets, for as long as the receiver has them.
    #[must_use]
    pub fn with_previous(mut self, previous: Secrets) -> Self {
        self.previous = Some(Arc::new(previous));
        self
    }

    /// Refuses signed timestamps that are further from now than this; `None` accepts any.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Option<Duration>) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Verifies, decrypts and reads a request.
    pub fn receive(&self, request: &Received<'_>, now: WireTime) -> Result<Incoming, Refusal> {
        let refuse = |reason, authenticated| Refusal::new(Dialect::Feishu, reason, authenticated);
        if request.method != Method::POST {
            return Err(refuse(Reason::NotPost, false));
        }
        let proof = self
            .verify(request, now)
            .map_err(|reason| refuse(reason, false))?;
        self.open(request.body, proof)
            .map_err(|reason| refuse(reason, matches!(proof, Proof::Signed(..))))
    }

    /// Checks the signature headers, if there are any and a key to check them with.
    fn verify(&self, request: &Received<'_>, now: WireTime) -> Result<Proof<'_>, Reason> {
        if self.keys().next().is_none() {
            return Ok(Proof::Nothing);
        }
        let Some(headers) = SignatureHeaders::read(request.headers)? else {
            return Ok(Proof::Nothing);
        };
        let skew = self.skew(headers.timestamp, now)?;
        self.keys()
            .find(|key| headers.fit(key, request.body))
            .map(|key| Proof::Signed(key, skew))
            .ok_or(Reason::SignatureMismatch)
    }

    /// How far the timestamp is from now, where that is checked.
    fn skew(&self, timestamp: &[u8], now: WireTime) -> Result<Option<Duration>, Reason> {
        let Some(tolerance) = self.tolerance else {
            return Ok(None);
        };
        let seconds = unix_seconds::parse(timestamp).ok_or(Reason::TimestampFormat)?;
        let skew = unix_seconds::skew(seconds, now);
        if skew > tolerance {
            return Err(Reason::TimestampStale);
        }
        Ok(Some(skew))
    }

    /// Decrypts the body where it is encrypted.
    fn open(&self, body: &Bytes, proof: Proof<'_>) -> Result<Incoming, Reason> {
        let wire = Envelope::parse(body, Reason::BodyNotJson)?;
        let Some(encrypted) = wire.encrypt else {
            return self.read(body, &wire, proof);
        };
        let encrypted = text(Some(encrypted)).ok_or(Reason::BodyShape)?;
        if let Proof::Signed(key, _) = proof {
            return self.open_with(key, &encrypted, proof);
        }
        let mut reason = None;
        for key in self.keys() {
            match self.open_with(key, &encrypted, Proof::Encrypted) {
                Ok(incoming) => return Ok(incoming),
                Err(other) => reason = reason.or(Some(other)),
            }
        }
        Err(reason.unwrap_or(Reason::NoEncryptKey))
    }

    fn open_with(
        &self,
        key: &EncryptKey,
        encrypted: &str,
        proof: Proof<'_>,
    ) -> Result<Incoming, Reason> {
        let plaintext = Bytes::from(decrypt(key, encrypted)?);
        if std::str::from_utf8(&plaintext).is_err() {
            return Err(Reason::Utf8);
        }
        let envelope = Envelope::parse(&plaintext, Reason::PlaintextNotJson)?;
        self.read(&plaintext, &envelope, proof)
    }

    /// Tells a challenge from an event from a call, and checks the token.
    fn read(
        &self,
        body: &Bytes,
        envelope: &Envelope<'_>,
        proof: Proof<'_>,
    ) -> Result<Incoming, Reason> {
        if envelope.is_challenge() {
            check_token(envelope, self.secrets())?;
            return answer_challenge(envelope);
        }
        self.check_proof(envelope, proof)?;
        let identity = envelope.identity()?;
        let message = Message {
            event_type: identity.event_type,
            dedupe_key: identity.dedupe_key,
            order_key: identity.order_key,
            app: identity.app,
            body: envelope.with_token(body, br#""""#),
        };
        if !identity.is_call {
            return Ok(Incoming::Event(message));
        }
        if matches!(proof, Proof::Signed(_, Some(skew)) if skew > CALL_TOLERANCE) {
            return Err(Reason::TimestampStale);
        }
        Ok(Incoming::Call(message))
    }

    /// An event or call must be signed and carry a token that is live; where secrets without an
    /// Encrypt Key are live, theirs alone will do.
    fn check_proof(&self, envelope: &Envelope<'_>, proof: Proof<'_>) -> Result<(), Reason> {
        match proof {
            Proof::Signed(..) => check_token(envelope, self.secrets()),
            Proof::Encrypted => Err(Reason::SignatureMissing),
            Proof::Nothing => {
                let keyless = |secrets: &&Secrets| secrets.encrypt_key.is_none();
                if self.secrets().any(|secrets| keyless(&secrets)) {
                    check_token(envelope, self.secrets().filter(keyless))
                } else {
                    Err(Reason::NotEncrypted)
                }
            }
        }
    }

    fn secrets(&self) -> impl Iterator<Item = &Secrets> {
        std::iter::once(&*self.current).chain(self.previous.as_deref())
    }

    fn keys(&self) -> impl Iterator<Item = &EncryptKey> {
        self.secrets()
            .filter_map(|secrets| secrets.encrypt_key.as_ref())
    }
}

fn check_token<'s>(
    envelope: &Envelope<'_>,
    mut live: impl Iterator<Item = &'s Secrets>,
) -> Result<(), Reason> {
    let token = envelope.token().ok_or(Reason::TokenMissing)?;
    let matches = |secrets: &Secrets| {
        let expected = &secrets.verification_token;
        !expected.is_empty() && expected.matches(token.as_bytes())
    };
    live.any(matches).then_some(()).ok_or(Reason::TokenMismatch)
}

/// 200 and the same challenge, in clear even where it came encrypted (1.2).
fn answer_challenge(envelope: &Envelope<'_>) -> Result<Incoming, Reason> {
    let challenge = text(envelope.challenge).ok_or(Reason::ChallengeMissing)?;
    let body = format!(r#"{{"challenge":{}}}"#, json_string(&challenge));
    Ok(Incoming::Challenge(Reply::json(body)))
}

impl<'a> SignatureHeaders<'a> {
    /// `None` where there is none of them.
    fn read(headers: &'a HeaderMap) -> Result<Option<Self>, Reason> {
        let timestamp = single(headers, &TIMESTAMP_HEADER)?;
        let nonce = single(headers, &NONCE_HEADER)?;
        let signature = single(headers, &SIGNATURE_HEADER)?;
        if timestamp.is_none() && nonce.is_none() && signature.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            signature: signature.ok_or(Reason::SignatureMissing)?,
            timestamp: timestamp.ok_or(Reason::TimestampMissing)?,
            nonce: nonce.ok_or(Reason::NonceMissing)?,
        }))
    }

    fn fit(&self, key: &EncryptKey, body: &[u8]) -> bool {
        let expected = sign(self.timestamp, self.nonce, key, body);
        verify_slices_are_equal(expected.as_bytes(), self.signature).is_ok()
    }
}
