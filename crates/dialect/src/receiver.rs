//! The receive half of every dialect behind one face.

use ringback_types::WireTime;

use crate::{Dialect, Incoming, Received, Refusal, Reply};

/// The receive half of a dialect, with its secrets and settings; cheap to clone.
#[derive(Debug, Clone)]
pub enum Receiver {
    /// Tencent Desk and the Chat webhooks under it.
    #[cfg(feature = "desk")]
    Desk(crate::desk::Receiver),
    /// Feishu events and callbacks.
    #[cfg(feature = "feishu")]
    Feishu(crate::feishu::Receiver),
    /// Standard Webhooks.
    #[cfg(feature = "standard")]
    Standard(crate::standard::Receiver),
    /// WeCom callbacks.
    #[cfg(feature = "wecom")]
    Wecom(crate::wecom::Receiver),
}

impl Receiver {
    /// Verifies, decrypts and reads a request.
    ///
    /// Whatever is refused gets [`refusal_reply`](crate::refusal_reply); the [`Refusal`] is for the log.
    pub fn receive(&self, request: &Received<'_>, now: WireTime) -> Result<Incoming, Refusal> {
        match self {
            #[cfg(feature = "desk")]
            Self::Desk(receiver) => receiver.receive(request, now),
            #[cfg(feature = "feishu")]
            Self::Feishu(receiver) => receiver.receive(request, now),
            #[cfg(feature = "standard")]
            Self::Standard(receiver) => receiver.receive(request, now),
            #[cfg(feature = "wecom")]
            Self::Wecom(receiver) => receiver.receive(request, now),
        }
    }

    /// The answer to an event that has been recorded, or that is a duplicate.
    pub fn acknowledgement(&self) -> Reply {
        match self {
            #[cfg(feature = "desk")]
            Self::Desk(_) => crate::desk::acknowledgement(),
            #[cfg(feature = "feishu")]
            Self::Feishu(_) => Reply::json(&br#"{"msg":"success"}"#[..]),
            #[cfg(feature = "standard")]
            Self::Standard(_) => Reply::json(&b"{}"[..]),
            #[cfg(feature = "wecom")]
            Self::Wecom(receiver) => receiver.acknowledgement(),
        }
    }

    /// Which dialect this is.
    pub fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "desk")]
            Self::Desk(_) => Dialect::Desk,
            #[cfg(feature = "feishu")]
            Self::Feishu(_) => Dialect::Feishu,
            #[cfg(feature = "standard")]
            Self::Standard(_) => Dialect::Standard,
            #[cfg(feature = "wecom")]
            Self::Wecom(_) => Dialect::Wecom,
        }
    }
}
