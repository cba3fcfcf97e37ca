//! From headers and body to a [`Request`], with the checks in the order that the channel asks for
//! (design, section 6).

use http::HeaderMap;
use ringback_dialect::zone::{
    Address, Flow, Frame as _, Head, Outcome, PROGRAM_TARGET, Reason, RequestFrame, decrypt,
    header, verify,
};

use crate::error::Error;
use crate::headers::Headers;
use crate::identity::Identity;
use crate::reply::{Reply, Sealer};
use crate::request::{Origin, Request};
use crate::zone::Zone;

/// The longest request id that an error reply repeats; the channel's have 22 characters.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// A request that is refused, with the reply to give back.
///
/// The error is for the log: the peer learns no more than its code.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a request is refused ({}): {error}", error.code())]
pub struct Refused {
    /// Why.
    #[source]
    pub error: Error,
    /// The error reply, sealed where there is a key for it.
    pub reply: Box<Reply>,
}

impl Refused {
    /// The reply to give back.
    pub fn into_reply(self) -> Reply {
        *self.reply
    }
}

/// A request whose headers hold; its body may be read now.
#[derive(Debug)]
pub struct Admitted {
    zone: Zone,
    identity: Identity,
    head: Head,
}

impl Zone {
    /// Verifies and decrypts a request: headers and raw body, exactly as they came.
    pub fn decode(
        &self,
        headers: &(impl Headers + ?Sized),
        body: &[u8],
    ) -> Result<Request, Refused> {
        self.admit(headers)?.open(body)
    }

    /// The same for whoever must say the method too, as the official C++ and Java constructors do.
    pub fn decode_with_method(
        &self,
        method: &str,
        headers: &(impl Headers + ?Sized),
        body: &[u8],
    ) -> Result<Request, Refused> {
        if method.is_empty() {
            return Err(self.refuse(Error::MethodNotSet, None, &headers.to_map()));
        }
        self.decode(headers, body)
    }

    /// Checks the headers alone, for servers that read no body before they must.
    pub fn admit(&self, headers: &(impl Headers + ?Sized)) -> Result<Admitted, Refused> {
        let headers = headers.to_map();
        if headers.is_empty() {
            return Err(self.refuse(Error::HeadersNotSet, None, &headers));
        }
        let unverified = |reason| Error::Unverified { reason };
        let identity = Address::read(&headers)
            .map_err(unverified)
            .and_then(|address| {
                let identities = &self.inner().identities;
                identities.addressed(address.key_id, address.version, self.now())
            })
            .map_err(|error| self.refuse(error, None, &headers))?;
        let head = Head::read(&headers, Flow::Request, self.now())
            .map_err(|reason| self.refuse(unverified(reason), Some(&identity), &headers))?;
        Ok(Admitted {
            zone: self.clone(),
            identity,
            head,
        })
    }

    fn refuse(&self, error: Error, identity: Option<&Identity>, headers: &HeaderMap) -> Refused {
        let reply = if headers.contains_key(header::CHANNEL) {
            let request_id = headers.get(header::REQUEST_ID);
            let request_id = request_id.and_then(|value| value.to_str().ok());
            let request_id = request_id.filter(|id| id.len() <= MAX_REQUEST_ID_BYTES);
            self.error_reply(&error, identity, request_id.unwrap_or_default())
        } else {
            Reply::to_stranger()
        };
        Refused {
            error,
            reply: Box::new(reply),
        }
    }

    /// The error reply, sealed with the current version of the addressed key or, where that is not
    /// ours, of our own.
    fn error_reply(&self, error: &Error, identity: Option<&Identity>, request_id: &str) -> Reply {
        let own = self.inner().identities.own(self.now());
        let Some(identity) = identity.or_else(|| own.as_ref().ok()) else {
            return Reply::unsigned();
        };
        let sealer = Sealer {
            zone: self,
            identity,
            request_id,
        };
        let reply = sealer.reply(Outcome::Error, b"");
        reply.map_or_else(
            |_| Reply::unsigned(),
            |reply| reply.with_refusal(error.code()),
        )
    }
}

impl Admitted {
    /// Verifies the signature, lets the nonce count once, decrypts, and reads the parameters.
    pub fn open(self, body: &[u8]) -> Result<Request, Refused> {
        match self.frame(body) {
            Ok(frame) => {
                let origin = Origin {
                    log_id: self.zone.log_id().into(),
                    request_id: self.head.request_id.into(),
                    zone: self.zone,
                    identity: self.identity,
                };
                Ok(Request::new(origin, frame))
            }
            Err(error) => Err(self.refuse(error)),
        }
    }

    /// The refusal of a request whose body cannot be had, or is too large.
    pub fn refuse(&self, error: Error) -> Refused {
        let (identity, request_id) = (Some(&self.identity), &self.head.request_id);
        let reply = self.zone.error_reply(&error, identity, request_id);
        Refused {
            error,
            reply: Box::new(reply),
        }
    }

    fn frame(&self, body: &[u8]) -> Result<RequestFrame, Error> {
        let limit = self.zone.inner().settings.max_body_bytes;
        if body.is_empty() {
            return Err(Error::BodyNotSet);
        }
        if body.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        self.plaintext(body)
            .and_then(|text| RequestFrame::read(&text))
            .map_err(|reason| Error::Unverified { reason })
    }

    fn plaintext(&self, body: &[u8]) -> Result<Vec<u8>, Reason> {
        let keys = self
            .identity
            .ring
            .of(self.head.version)
            .ok_or(Reason::VersionUnknown)?;
        let (flow, head) = (Flow::Request, &self.head);
        verify(keys, flow, PROGRAM_TARGET, head, body)?;
        self.zone
            .inner()
            .nonces
            .remember(head.nonce, self.zone.now())?;
        decrypt(keys, flow, PROGRAM_TARGET, head, body)
    }
}
