//! One exchange with each stage reported and timed, for checking a URL and for the doctor.
//!
//! It looks with the same guard as every delivery, never reuses a connection, and does not stop at the
//! first address that fails to say what the others are.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use ringback_dialect::WireRequest;
use ringback_types::Clock;
use serde::Serialize;
use tokio::time::timeout_at;
use url::Url;

use crate::failure::{Stage, TransportFailure};
use crate::guard::{Guard, Rule};
use crate::seam::{Answer, Limits};
use crate::transport::{
    Dialled, Door, HeaderNames, HttpUrl, Tls, addresses, dial, failure, handshake, read_answer,
    secure, written,
};

/// Makes single exchanges and says everything about them. Cheap to clone; needs no engine.
#[derive(Debug, Clone)]
pub struct Probe {
    inner: Arc<Inner>,
    ipv4_only: bool,
}

#[derive(Debug)]
struct Inner {
    guard: Guard,
    tls: Tls,
    clock: Clock,
}

/// What one exchange showed.
#[derive(Debug, Clone)]
pub struct Report {
    /// Every address the name has, with the guard's verdict; empty when it cannot be resolved.
    pub addresses: Vec<Address>,
    /// The address that was connected to.
    pub connected: Option<IpAddr>,
    /// What the TLS handshake showed; `None` for plain HTTP or before it.
    pub certificate: Option<Certificate>,
    /// How long each stage took that was finished, in order.
    pub stages: Vec<Timing>,
    /// How long it all took.
    pub total: Duration,
    /// The answer, or what failed.
    pub outcome: Result<Answer, TransportFailure>,
}

/// An address that a name has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The rule by which the guard refuses it.
    pub refused_by: Option<Rule>,
}

/// How long a stage took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// Which stage.
    pub stage: Stage,
    /// How long, in microseconds.
    pub duration_us: u64,
}

/// What a TLS handshake showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The protocol version, such as `TLSv1_3`.
    pub version: String,
    /// How many certificates the server sent.
    pub chain_length: usize,
}

impl Probe {
    /// A probe behind this guard that trusts the system's certificates and these (PEM) besides.
    pub fn new(guard: Guard, clock: Clock, extra_roots: Vec<Bytes>) -> Self {
        Self::trusting(Tls::new(extra_roots), guard, clock)
    }

    /// A probe that shares what is trusted with a transport.
    pub(crate) fn trusting(tls: Tls, guard: Guard, clock: Clock) -> Self {
        Self {
            inner: Arc::new(Inner { guard, tls, clock }),
            ipv4_only: false,
        }
    }

    /// The same probe that connects to IPv4 addresses only, as the Feishu platform does (Feishu sheet,
    /// 1.1). A host without one fails as a name that cannot be resolved; its report shows every address
    /// all the same.
    #[must_use]
    pub fn ipv4_only(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            ipv4_only: true,
        }
    }

    /// POSTs `request` to `url` over a connection of its own and reports every stage.
    pub async fn exchange(&self, url: &Url, request: WireRequest, limits: &Limits) -> Report {
        self.send(Method::POST, url, request, limits).await
    }

    /// The same with GET, as WeCom checks URLs (sheet `wecom-zone-app`, 5.1).
    pub async fn get(&self, url: &Url, request: WireRequest, limits: &Limits) -> Report {
        self.send(Method::GET, url, request, limits).await
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        request: WireRequest,
        limits: &Limits,
    ) -> Report {
        let mut look = Look::new(self);
        let deadline = limits.deadline.instant().into();
        let outcome = timeout_at(deadline, look.exchange(method, url, request, limits)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(TransportFailure::Late { stage: look.stage }));
        look.report(outcome)
    }
}

/// One exchange under way.
struct Look<'a> {
    probe: &'a Inner,
    ipv4_only: bool,
    began: Instant,
    stage: Stage,
    stage_began: Instant,
    stages: Vec<Timing>,
    addresses: Vec<Address>,
    connected: Option<IpAddr>,
    certificate: Option<Certificate>,
}

impl<'a> Look<'a> {
    fn new(probe: &'a Probe) -> Self {
        let now = probe.inner.clock.monotonic();
        Self {
            probe: &probe.inner,
            ipv4_only: probe.ipv4_only,
            began: now,
            stage: Stage::Dns,
            stage_began: now,
            stages: Vec::with_capacity(Stage::ALL.len()),
            addresses: Vec::new(),
            connected: None,
            certificate: None,
        }
    }

    async fn exchange(
        &mut self,
        method: Method,
        url: &Url,
        request: WireRequest,
        limits: &Limits,
    ) -> Result<Answer, TransportFailure> {
        let request = written(method, &HttpUrl::from(url.clone()), request)?;
        let door = Door::of(url)?;
        let mut found = addresses(&door).await?;
        self.judge(&door, &found);
        if self.ipv4_only {
            found = only_ipv4(&door, found)?;
        }
        self.enter(Stage::Connect);
        let Dialled { stream, address } =
            dial(&self.probe.guard, &door, &found, limits.connect).await?;
        self.connected = Some(address.ip());
        let mut connection = if door.tls {
            self.enter(Stage::Tls);
            let stream = secure(&self.probe.tls, &door, stream).await?;
            self.certificate = Some(certificate(stream.get_ref().1));
            handshake(stream, HeaderNames::Title).await?
        } else {
            handshake(stream, HeaderNames::Title).await?
        };
        self.enter(Stage::Head);
        let response = connection
            .send_request(request)
            .await
            .map_err(|error| failure(&error, Stage::Head))?;
        self.enter(Stage::Body);
        let answer = read_answer(response, limits.answer_cap_bytes).await?;
        self.leave();
        Ok(answer)
    }

    fn judge(&mut self, door: &Door, found: &[SocketAddr]) {
        let verdict = |address: &SocketAddr| Address {
            ip: address.ip(),
            refused_by: self.probe.guard.check(*address, &door.path).err(),
        };
        self.addresses = found.iter().map(verdict).collect();
    }

    fn enter(&mut self, stage: Stage) {
        self.leave();
        self.stage = stage;
    }

    fn leave(&mut self) {
        let now = self.probe.clock.monotonic();
        let duration_us = now.duration_since(self.stage_began).as_micros() as u64;
        self.stages.push(Timing {
            stage: self.stage,
            duration_us,
        });
        self.stage_began = now;
    }

    fn report(self, outcome: Result<Answer, TransportFailure>) -> Report {
        Report {
            addresses: self.addresses,
            connected: self.connected,
            certificate: self.certificate,
            stages: self.stages,
            total: self.probe.clock.monotonic().duration_since(self.began),
            outcome,
        }
    }
}

fn only_ipv4(door: &Door, mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, TransportFailure> {
    found.retain(SocketAddr::is_ipv4);
    if found.is_empty() {
        return Err(TransportFailure::Dns {
            host: door.host.to_string(),
            detail: "it has no IPv4 address".to_owned(),
        });
    }
    Ok(found)
}

fn certificate(session: &rustls::ClientConnection) -> Certificate {
    Certificate {
        version: session
            .protocol_version()
            .map_or_else(String::new, |version| format!("{version:?}")),
        chain_length: session.peer_certificates().map_or(0, <[_]>::len),
    }
}
