//! A request of the zone, decoded.

use std::fmt;
use std::sync::Arc;

use ringback_dialect::zone::{CallType, Outcome, RequestFrame};

use crate::client::Client;
use crate::error::Error;
use crate::identity::Identity;
use crate::reply::{PendingReply, Reply, Sealer};
use crate::zone::Zone;

/// A verified and decrypted request (sheet wecom-zone-sdk, 4.1). Texts that did not come are empty.
#[derive(Clone)]
pub struct Request {
    /// The corp.
    pub corpid: String,
    /// The app; 0 where an event or an async call names none.
    pub agentid: i64,
    /// Whether an app calls or the platform reports an event.
    pub call_type: CallType,
    /// JSON text: the caller's `request_data`, or the event.
    pub data: String,
    /// Whether the result is to be reported later with `program_async_job_call_back`.
    pub is_async: bool,
    /// Opaque; the client that reports the result needs it.
    pub job_info: String,
    /// Which ability the caller chose.
    pub ability_id: String,
    /// The `notify_id` that the caller gave.
    pub notify_id: String,
    origin: Origin,
}

/// Where a request came from, and so where its reply belongs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) zone: Zone,
    pub(crate) identity: Identity,
    /// The id that binds the reply.
    pub(crate) request_id: Arc<str>,
    pub(crate) log_id: Arc<str>,
}

impl Origin {
    pub(crate) fn reply(&self, text: &str) -> Result<Reply, Error> {
        self.sealer().reply(Outcome::Ok, text.as_bytes())
    }

    pub(crate) fn exception(&self) -> Result<Reply, Error> {
        self.sealer().reply(Outcome::Error, b"")
    }

    fn sealer(&self) -> Sealer<'_> {
        Sealer {
            zone: &self.zone,
            identity: &self.identity,
            request_id: &self.request_id,
        }
    }
}

impl Request {
    pub(crate) fn new(origin: Origin, frame: RequestFrame) -> Self {
        Self {
            corpid: frame.corpid,
            agentid: frame.agentid,
            call_type: frame.call_type,
            data: frame.data,
            is_async: frame.is_async,
            job_info: frame.job_info,
            ability_id: frame.ability_id,
            notify_id: frame.notify_id,
            origin,
        }
    }

    /// Whether this is an event of the platform.
    pub fn is_event(&self) -> bool {
        self.call_type == CallType::Event
    }

    /// A client that speaks for the app and the ability of this request, with its job.
    pub fn client(&self) -> Client {
        self.origin.zone.client(
            self.corpid.as_str(),
            self.agentid,
            self.ability_id.as_str(),
            self.job_info.as_str(),
        )
    }

    /// A reply with this text: for a call the JSON that the ability's output protocol allows, for an
    /// event anything.
    pub fn reply(&self, text: &str) -> Result<Reply, Error> {
        self.origin.reply(text)
    }

    /// The reply that says that the request was not handled. An event is then delivered again; a
    /// caller is told 710677.
    pub fn exception(&self) -> Result<Reply, Error> {
        self.origin.exception()
    }

    /// A reply with this text whose outcome is chosen later.
    pub fn pending_reply(&self, text: &str) -> Result<PendingReply, Error> {
        self.origin.sealer().pending(text.as_bytes())
    }

    /// The id of this request in log lines: 16 hexadecimal digits, made here.
    pub fn log_id(&self) -> &str {
        &self.origin.log_id
    }

    #[cfg(feature = "serve")]
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Zone {
    /// A reply that is bound to no request, for languages whose constructor does not see one. The
    /// zone takes it only from programs whose `reply_binding` is `loose`.
    pub fn unbound_reply(&self, text: &str) -> Result<PendingReply, Error> {
        let identity = self.inner().identities.own(self.now())?;
        let sealer = Sealer {
            zone: self,
            identity: &identity,
            request_id: "",
        };
        sealer.pending(text.as_bytes())
    }
}

/// Without the texts that the caller or the platform wrote.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("corpid", &self.corpid)
            .field("agentid", &self.agentid)
            .field("call_type", &self.call_type)
            .field("is_async", &self.is_async)
            .field("ability_id", &self.ability_id)
            .field("notify_id", &self.notify_id)
            .field("data_bytes", &self.data.len())
            .field("log_id", &self.origin.log_id)
            .finish_non_exhaustive()
    }
}
