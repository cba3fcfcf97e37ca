//! The receiver: verify, decrypt, compare the receive id, read (5.1, 5.2; design, section 10).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use bytes::Bytes;
use http::{Method, StatusCode};
use ringback_types::WireTime;

use super::query::Query;
use super::{ProgramNotify, Secrets, decrypt, sign, xml};
use crate::hexadecimal::hexadecimal;
use crate::identifier::checked_identifier;
use crate::{Dialect, Incoming, Message, Reason, Received, Refusal, Reply, unix_seconds};

/// How far a timestamp may be from now unless a setting says otherwise.
///
/// Neither the gaps between the platform's three retries nor whether they are signed afresh is
/// documented (5.2). An hour loses none of them; what comes again inside it is dropped by its id or its
/// hash, which are kept for longer.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_hours(1);

/// What an accepted event is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acknowledgement {
    /// An empty body, which messages and data callbacks take (5.2).
    #[default]
    Empty,
    /// The word `success`, which command callbacks of a provider want (5.2).
    Success,
}

/// The receive half: current secrets, and the ones before them while a rotation lasts.
#[derive(Debug, Clone)]
pub struct Receiver {
    current: Arc<Secrets>,
    previous: Option<Arc<Secrets>>,
    tolerance: Option<Duration>,
    acknowledgement: Acknowledgement,
}

/// What is signed besides the encrypted text, and the signature.
struct Proof<'q> {
    signature: &'q str,
    timestamp: &'q str,
    nonce: &'q str,
}

/// A reason, and whether the signature had held.
type Refused = (Reason, bool);

impl Receiver {
    /// A receiver with these secrets and the [`DEFAULT_TOLERANCE`].
    pub fn new(current: Secrets) -> Self {
        Self {
            current: Arc::new(current),
            previous: None,
            tolerance: Some(DEFAULT_TOLERANCE),
            acknowledgement: Acknowledgement::default(),
        }
    }

    /// Also accepts these older secrets, for as long as the receiver has them.
    #[must_use]
    pub fn with_previous(mut self, previous: Secrets) -> Self {
        self.previous = Some(Arc::new(previous));
        self
    }

    /// Refuses timestamps that are further from now than this; `None` accepts any.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Option<Duration>) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Answers accepted events with this.
    #[must_use]
    pub fn with_acknowledgement(mut self, acknowledgement: Acknowledgement) -> Self {
        self.acknowledgement = acknowledgement;
        self
    }

    /// Verifies, decrypts and reads a request: GET checks the URL, POST brings an event.
    pub fn receive(&self, request: &Received<'_>, now: WireTime) -> Result<Incoming, Refusal> {
        self.take(request, now)
            .map_err(|(reason, authenticated)| Refusal::new(Dialect::Wecom, reason, authenticated))
    }

    /// The answer to an event that has been recorded, or that is a duplicate.
    pub fn acknowledgement(&self) -> Reply {
        match self.acknowledgement {
            Acknowledgement::Empty => plain(Bytes::new()),
            Acknowledgement::Success => plain(Bytes::from_static(b"success")),
        }
    }

    fn take(&self, request: &Received<'_>, now: WireTime) -> Result<Incoming, Refused> {
        let stranger = |reason| (reason, false);
        check_method(request.method).map_err(stranger)?;
        let query = Query::read(request.query.unwrap_or_default()).map_err(stranger)?;
        let proof = Proof::of(&query).map_err(stranger)?;
        check_time(proof.timestamp, self.tolerance, now).map_err(stranger)?;
        if request.method == Method::GET {
            let echo = query
                .echo
                .as_deref()
                .ok_or_else(|| stranger(Reason::EchoMissing))?;
            let text = self.open(&proof, echo)?;
            check_echo(&text).map_err(|reason| (reason, true))?;
            return Ok(Incoming::Challenge(plain(text.into())));
        }
        let envelope = Envelope::read(request.body).map_err(stranger)?;
        let body = Bytes::from(self.open(&proof, &envelope.encrypted)?);
        read(body, envelope.agent_id)
            .map(Incoming::Event)
            .map_err(|reason| (reason, true))
    }

    /// What was encrypted, under the secrets whose token fits the signature. While a rotation lasts
    /// both may have the same token.
    fn open(&self, proof: &Proof<'_>, encrypted: &str) -> Result<Vec<u8>, Refused> {
        let mut reason = None;
        for secrets in self.secrets() {
            if !proof.fits(secrets, encrypted) {
                continue;
            }
            match decrypt(&secrets.aes_key, encrypted, &secrets.receive_id) {
                Ok(plaintext) => return Ok(plaintext),
                Err(other) => reason = reason.or(Some((other, true))),
            }
        }
        Err(reason.unwrap_or((Reason::SignatureMismatch, false)))
    }

    fn secrets(&self) -> impl Iterator<Item = &Secrets> {
        std::iter::once(&*self.current).chain(self.previous.as_deref())
    }
}

impl<'q> Proof<'q> {
    fn of(query: &'q Query<'_>) -> Result<Self, Reason> {
        Ok(Self {
            signature: query.signature.as_deref().ok_or(Reason::SignatureMissing)?,
            timestamp: query.timestamp.as_deref().ok_or(Reason::TimestampMissing)?,
            nonce: query.nonce.as_deref().ok_or(Reason::NonceMissing)?,
        })
    }

    fn fits(&self, secrets: &Secrets, encrypted: &str) -> bool {
        let expected = sign(&secrets.token, self.timestamp, self.nonce, encrypted);
        verify_slices_are_equal(expected.as_bytes(), self.signature.as_bytes()).is_ok()
    }
}

/// What method and query alone prove wrong, before a body is read; [`Receiver::receive`] looks again.
pub fn precheck(
    method: &Method,
    query: Option<&str>,
    tolerance: Option<Duration>,
    now: WireTime,
) -> Result<(), Reason> {
    check_method(method)?;
    let query = Query::read(query.unwrap_or_default())?;
    check_time(Proof::of(&query)?.timestamp, tolerance, now)
}

fn check_method(method: &Method) -> Result<(), Reason> {
    let served = [Method::GET, Method::POST].contains(method);
    served.then_some(()).ok_or(Reason::NotPost)
}

/// A callback is signed exactly like a check: without this, who caught one could have it decrypted by
/// sending it back as a check. The platform's own texts are numbers (5.3, vector A).
fn check_echo(text: &[u8]) -> Result<(), Reason> {
    match text.trim_ascii_start().first() {
        Some(b'<' | b'{') => Err(Reason::EchoIsMessage),
        _ => Ok(()),
    }
}

fn check_time(timestamp: &str, tolerance: Option<Duration>, now: WireTime) -> Result<(), Reason> {
    let seconds = unix_seconds::parse(timestamp.as_bytes()).ok_or(Reason::TimestampFormat)?;
    match tolerance {
        Some(tolerance) if unix_seconds::skew(seconds, now) > tolerance => {
            Err(Reason::TimestampStale)
        }
        _ => Ok(()),
    }
}

/// What of the envelope is read. `ToUserName` is not: the receive id inside says the same, signed.
struct Envelope {
    encrypted: String,
    /// Not signed, so it is a label and nothing else; some events have it nowhere else (5).
    agent_id: Option<String>,
}

impl Envelope {
    fn read(body: &[u8]) -> Result<Self, Reason> {
        let names = ["Encrypt", "AgentID"];
        let [encrypted, agent_id] = xml::texts(body, names, Reason::BodyNotXml)?;
        Ok(Self {
            encrypted: encrypted.ok_or(Reason::EncryptMissing)?,
            agent_id,
        })
    }
}

/// Who a decrypted message or event says that it is.
fn read(body: Bytes, agent_id: Option<String>) -> Result<Message, Reason> {
    if std::str::from_utf8(&body).is_err() {
        return Err(Reason::Utf8);
    }
    let names = [
        "MsgType", "Event", "InfoType", "MsgId", "NotifyId", "AgentID",
    ];
    let [kind, event, info, message_id, notify_id, own_agent_id] =
        xml::texts(&body, names, Reason::PlaintextNotXml)?;
    let event_type = match kind.as_deref() {
        Some("event") => event,
        Some(_) => kind,
        // Command callbacks of a provider have this in its place.
        None => info,
    };
    let event_type = identifier(event_type)?.ok_or(Reason::NoEventType)?;
    let is_notify = event_type == ProgramNotify::EVENT;
    let id = identifier(if is_notify { notify_id } else { message_id })?;
    Ok(Message {
        event_type,
        dedupe_key: Some(id.unwrap_or_else(|| hash(&body))),
        order_key: None,
        app: identifier(own_agent_id.or(agent_id))?,
        body,
    })
}

fn identifier(text: Option<String>) -> Result<Option<String>, Reason> {
    text.map_or(Ok(None), |text| checked_identifier(&text))
}

/// The key of what has no id. `FromUserName` and `CreateTime`, which the platform advises, are the same
/// for events that are not: one is always `sys`, the other has whole seconds (5.2).
fn hash(body: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, body);
    format!("sha256:{}", hexadecimal(digest.as_ref()))
}

/// 200 with exactly this text.
fn plain(body: Bytes) -> Reply {
    Reply {
        status: StatusCode::OK,
        content_type: Some("text/plain"),
        body,
    }
}
