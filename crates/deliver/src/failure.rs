//! How an exchange can fail, each way with its own stable code.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use ringback_types::{Code, Coded};
use serde::Serialize;

use crate::guard::Rule;

/// The stages of an exchange, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Looking the name up.
    Dns,
    /// Opening the TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending the request and waiting for the head of the answer.
    Head,
    /// Reading the body of the answer.
    Body,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 5] = [Self::Dns, Self::Connect, Self::Tls, Self::Head, Self::Body];
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dns => "looking the name up",
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::Head => "waiting for the head of the answer",
            Self::Body => "reading the body of the answer",
        })
    }
}

/// Why no judgeable answer came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportFailure {
    /// The name cannot be resolved.
    #[error("the name `{host}` cannot be resolved: {detail}")]
    Dns {
        /// Which name.
        host: String,
        /// What the resolver said.
        detail: String,
    },
    /// The guard refuses every address of the name.
    #[error("the address {address} is refused by the outbound guard ({rule})")]
    RefusedByGuard {
        /// The first address refused.
        address: IpAddr,
        /// By which rule.
        rule: Rule,
    },
    /// Nobody listens there.
    #[error("the connection was refused")]
    ConnectRefused,
    /// Connecting took longer than it may.
    #[error("connecting took longer than {limit_ms} ms")]
    ConnectTimeout {
        /// The limit.
        limit_ms: u64,
    },
    /// The network said no in another way.
    #[error("connecting failed: {detail}")]
    Connect {
        /// What it said.
        detail: String,
    },
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {detail}")]
    Tls {
        /// What failed, certificate facts included.
        detail: String,
    },
    /// The connection was closed or reset before the answer was complete.
    #[error("the connection was closed while {stage}")]
    Reset {
        /// During which stage.
        stage: Stage,
    },
    /// The deadline passed.
    #[error("the deadline passed while {stage}")]
    Late {
        /// During which stage.
        stage: Stage,
    },
    /// What came back is not HTTP, or breaks its rules.
    #[error("the answer breaks the rules of HTTP: {detail}")]
    Protocol {
        /// In which way.
        detail: String,
    },
    /// The target is of a kind that this transport does not carry.
    #[error("{detail}")]
    Target {
        /// What is wrong with it.
        detail: String,
    },
    /// A transport that a room brought failed in its own way.
    #[error("{detail}")]
    Other {
        /// The room's own code.
        code: Code,
        /// What failed, without secrets.
        detail: String,
    },
}

impl Coded for TransportFailure {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Dns { .. } => "transport.dns",
            Self::RefusedByGuard { .. } => "transport.refused_by_guard",
            Self::ConnectRefused => "transport.connect_refused",
            Self::ConnectTimeout { .. } => "transport.connect_timeout",
            Self::Connect { .. } => "transport.connect",
            Self::Tls { .. } => "transport.tls",
            Self::Reset { .. } => "transport.reset",
            Self::Late { .. } => "transport.late",
            Self::Protocol { .. } => "transport.protocol",
            Self::Target { .. } => "transport.target",
            Self::Other { code, .. } => return *code,
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Dns { .. } => {
                "check the spelling of the host name and that this host can resolve it"
            }
            Self::RefusedByGuard { rule, .. } => return Some(rule.hint().into()),
            Self::ConnectRefused => "check that the server listens on that address and port",
            Self::ConnectTimeout { .. } | Self::Connect { .. } => {
                "check firewalls and routes between this host and the server"
            }
            Self::Tls { .. } => "check the server's certificate: name, chain and dates",
            Self::Reset { .. } => "see the server's log for why it closed the connection",
            Self::Late { .. } => {
                "answer first and work afterwards: the platform does not wait longer"
            }
            Self::Protocol { .. } => "check that an HTTP/1.1 server listens on that port",
            Self::Target { .. } | Self::Other { .. } => return None,
        }))
    }
}
