//! What is sealed, and the bytes that a signature covers.

/// What a message is for; each flow has its own keys, so that none passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Zone → program: a call or an event.
    Request,
    /// Program → zone: the answer to it.
    Reply,
    /// Program → zone: an SDK API.
    Invoke,
    /// Zone → program: the API's answer.
    InvokeReply,
    /// A developer's machine → zone: the start of a debug session.
    Open,
    /// Zone → a developer's machine: the session's credentials.
    OpenReply,
}

impl Flow {
    /// Every flow, in the order of the variants.
    pub const ALL: [Self; 6] = [
        Self::Request,
        Self::Reply,
        Self::Invoke,
        Self::InvokeReply,
        Self::Open,
        Self::OpenReply,
    ];

    /// The name, as it is signed and as keys are derived from it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reply => "reply",
            Self::Invoke => "invoke",
            Self::InvokeReply => "invoke-reply",
            Self::Open => "open",
            Self::OpenReply => "open-reply",
        }
    }

    /// Whether messages of this flow answer another one, and so have an [`Outcome`].
    pub const fn is_reply(self) -> bool {
        match self {
            Self::Reply | Self::InvokeReply | Self::OpenReply => true,
            Self::Request | Self::Invoke | Self::Open => false,
        }
    }
}

/// The target of requests and replies: a program is always reached at its root path.
pub const PROGRAM_TARGET: &str = "/";
/// The target of open and its reply.
pub const OPEN_TARGET: &str = "open";

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The request was verified and handled.
    Ok,
    /// It was not; the plaintext of such a reply is empty.
    Error,
}

impl Outcome {
    /// The value of the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// A message to be sealed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// What it is for.
    pub flow: Flow,
    /// [`PROGRAM_TARGET`] for request and reply, the API's name for invoke and its reply,
    /// [`OPEN_TARGET`] for open and its reply.
    pub target: &'a str,
    /// Whose keys seal it.
    pub key_id: &'a str,
    /// Which version of them.
    pub version: u32,
    /// A fresh one, or the one of the request that is answered; empty in an unbound reply.
    pub request_id: &'a str,
    /// How the request ended, in replies.
    pub outcome: Option<Outcome>,
    /// What the peer is to read; empty in an error reply.
    pub plaintext: &'a [u8],
}

/// The items of a message before its outcome, in the texts that stand in its headers.
///
/// With a length before each, no byte can move from one item into the next.
#[derive(Clone, Copy)]
pub(super) struct Items<'a> {
    pub(super) flow: Flow,
    pub(super) target: &'a str,
    pub(super) key_id: &'a str,
    pub(super) version: &'a str,
    pub(super) timestamp: &'a str,
    pub(super) nonce: &'a str,
    pub(super) request_id: &'a str,
}

impl Items<'_> {
    /// The associated data of the encryption, with which the signed bytes begin.
    ///
    /// The outcome stays outside, because the Python constructor picks normal or exception headers
    /// after the body is made.
    pub(super) fn associated_data(&self) -> Vec<u8> {
        let items = [
            super::keys::LABEL,
            self.flow.as_str(),
            self.target,
            self.key_id,
            self.version,
            self.timestamp,
            self.nonce,
            self.request_id,
        ];
        let mut bytes = Vec::with_capacity(256);
        for item in items {
            bytes.extend_from_slice(&length(item.as_bytes()));
            bytes.extend_from_slice(item.as_bytes());
        }
        bytes
    }
}

/// What stands before an item. No item is near 4 GiB: bodies are capped long before they come here.
pub(super) fn length(item: &[u8]) -> [u8; 4] {
    u32::try_from(item.len()).unwrap_or(u32::MAX).to_be_bytes()
}
