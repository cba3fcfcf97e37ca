//! The zone's half of an exchange with a program: one request, and what its reply means.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use ringback_types::WireTime;
use serde::{Deserialize, Serialize};

use super::{
    CallFailure, Flow, KeyRing, Message, Nonces, Outcome, PROGRAM_TARGET, Protocol, Reason,
    ReplyFailure, Sealed, header, refusal_code, seal,
};
use crate::{Answer, EncodeError, FailureKind, Verdict, WireRequest};

/// Whether a reply must name its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyBinding {
    /// It must.
    #[default]
    Strict,
    /// It may name none, for programs that cannot carry the id from the request to the reply; then
    /// only one call at a time may be in flight to an instance.
    Loose,
}

impl ReplyBinding {
    /// Whether a reply that names `named` may answer the request `sent`; one that names another
    /// request never may.
    pub fn check(self, sent: &str, named: &str) -> Result<(), Reason> {
        match (named, self) {
            ("", Self::Loose) => Ok(()),
            ("", Self::Strict) => Err(Reason::Unbound),
            (named, _) if named == sent => Ok(()),
            _ => Err(Reason::OtherRequest),
        }
    }
}

/// One exchange with an instance of a program.
#[derive(Clone)]
pub struct Exchange {
    /// The instance's keys; the version that it has used is noted here.
    pub ring: Arc<KeyRing>,
    /// A fresh one: 16 random bytes in base64url without padding.
    pub request_id: String,
    /// The [`RequestFrame`](super::RequestFrame) as JSON.
    pub plaintext: Bytes,
    /// Whether the reply must name the request.
    pub binding: ReplyBinding,
    /// The nonces of earlier replies from this key id.
    pub seen: Arc<Nonces>,
    /// What the answer to a call may look like; without it any JSON is taken.
    pub output: Option<Arc<Protocol>>,
}

/// The send half towards a program; cheap to clone.
#[derive(Clone)]
pub struct Sender(Arc<Exchange>);

impl Sender {
    /// The sender of this exchange.
    pub fn new(exchange: Exchange) -> Self {
        Self(Arc::new(exchange))
    }

    /// The sealed request; the first sixteen of the random bytes are its nonce.
    pub fn encode(&self, now: WireTime, random: [u8; 32]) -> Result<WireRequest, EncodeError> {
        let ring = &self.0.ring;
        let version = ring.used();
        let keys = ring.of(version).ok_or(EncodeError::NoSecret)?;
        let message = Message {
            flow: Flow::Request,
            target: PROGRAM_TARGET,
            key_id: ring.key_id(),
            version,
            request_id: &self.0.request_id,
            outcome: None,
            plaintext: &self.0.plaintext,
        };
        let nonce = std::array::from_fn(|place| random[place]);
        let Sealed { headers, body } = seal(keys, &message, now, nonce);
        Ok(WireRequest {
            query: None,
            headers,
            body,
        })
    }

    /// A verified reply with outcome `ok` is success; what it says is nobody's business.
    pub fn judge_event(&self, answer: &Answer<'_>, now: WireTime) -> Verdict {
        if answer.status != StatusCode::OK {
            return Verdict::Failed(FailureKind::of(answer.status));
        }
        match self.read(answer, now) {
            Ok(_) => Verdict::Delivered,
            Err(failure) => Verdict::Failed(FailureKind::Zone(failure)),
        }
    }

    /// The reply's plaintext, which is JSON that the output protocol allows.
    pub fn judge_call(&self, answer: &Answer<'_>, now: WireTime) -> Result<Bytes, CallFailure> {
        if answer.status != StatusCode::OK {
            return Err(CallFailure::Status(answer.status));
        }
        let plaintext = self.read(answer, now)?;
        let output = self.0.output.as_deref();
        output.unwrap_or(&Protocol::ANYTHING).check(&plaintext)?;
        Ok(plaintext.into())
    }

    /// The plaintext of a reply that is this program's answer to this request.
    fn read(&self, answer: &Answer<'_>, now: WireTime) -> Result<Vec<u8>, ReplyFailure> {
        if answer.cut {
            return Err(ReplyFailure::Cut);
        }
        if let Some(code) = refusal_code(answer.headers)
            && !answer.headers.contains_key(header::SIGNATURE)
        {
            return Err(ReplyFailure::Refused(code));
        }
        let Exchange {
            ring,
            request_id,
            binding,
            seen,
            ..
        } = &*self.0;
        let reply = ring.admit(answer.headers, Flow::Reply, now)?;
        let plaintext = reply.open(PROGRAM_TARGET, answer.body, seen, now)?;
        binding.check(request_id, &reply.head.request_id)?;
        match reply.head.outcome {
            Some(Outcome::Ok) => Ok(plaintext),
            Some(Outcome::Error) | None => Err(ReplyFailure::ErrorReply),
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sender")
            .field("key_id", &self.0.ring.key_id())
            .field("request_id", &self.0.request_id)
            .finish_non_exhaustive()
    }
}
