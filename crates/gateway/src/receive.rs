//! `/in/{source}`: verify, decrypt, write, and only then acknowledge (design, sections 4 and 10).
//!
//! Limits come before work: a place among those under way, then what the headers alone can prove wrong,
//! then the size the request announces, then the body, then the signature. A challenge never touches the disk; what is not authenticated gets
//! one fixed answer.

mod answer;
mod body;
mod outcome;
mod precheck;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use ringback_deliver::faults::Fault;
use ringback_deliver::{Arrival, Call, CallError, raw};
use ringback_dialect::{Incoming, Message, RawRequest, Received, Refusal, desk, wecom};
use ringback_types::{Code, Coded, Deadline, WireTime};

use crate::gateway::Inner;
use crate::headers;
use crate::live::Live;
use crate::options::Limits;
use crate::refusals::Cause;
use crate::source::SourceDialect;
use crate::traffic::SeenRequest;

pub use answer::LostAnswer;
use outcome::Outcome;

/// Serves `/in/{source}`, whatever the method.
pub(crate) async fn receive(State(gateway): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let peer = peer_of(&parts);
    let name = parts.uri.path().strip_prefix("/in/").unwrap_or_default();
    let Some(live) = gateway.sources.live(name) else {
        gateway
            .unknown
            .refused(Cause::UnknownSource, &gateway, peer, 0);
        return answer::refused();
    };
    let limits = **gateway.limits.load();
    let passage = Passage {
        arrived: gateway.clock().monotonic(),
        now: gateway.clock().wire(),
        gateway: &gateway,
        live: &live,
        parts: &parts,
        peer,
        limits,
    };
    let Some(_places) = passage.enter() else {
        return passage.finish(Outcome::Busy(Code::new("gateway.busy")), Seen::default());
    };
    let mut seen = Seen::default();
    let outcome = passage.run(body, &mut seen).await;
    let response = passage.finish(outcome, seen);
    passage.spoil(response).await
}

fn peer_of(parts: &Parts) -> Option<SocketAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|peer| peer.0)
}

/// One request on its way through, with what every step needs.
struct Passage<'a> {
    gateway: &'a Inner,
    live: &'a Live,
    parts: &'a Parts,
    peer: Option<SocketAddr>,
    limits: Limits,
    arrived: Instant,
    now: WireTime,
}

/// What is remembered of a request for the log and for who watches.
#[derive(Default)]
struct Seen {
    body_bytes: usize,
    /// Only while somebody watches.
    request: Option<SeenRequest>,
}

impl<'a> Passage<'a> {
    /// A place among all requests under way and one among those of this source.
    fn enter(&self) -> Option<impl Sized + use<'a>> {
        let own = match self.live.source.settings.in_flight {
            0 => self.limits.in_flight_per_source,
            set => set,
        };
        let all = self.gateway.in_flight.enter(self.limits.in_flight)?;
        let here = self.live.state.in_flight.enter(own)?;
        Some((all, here))
    }

    async fn run(&self, body: Body, seen: &mut Seen) -> Outcome {
        let watched = self.live.state.traffic.watched();
        // Who watches wants to see what is refused too, with its body; the receiver refuses it then.
        if !watched && let Err(refusal) = self.precheck() {
            return Outcome::Refused(Cause::Dialect(refusal));
        }
        if watched {
            // Shown without a body, should that never be whole.
            seen.request = Some(self.shown(&Bytes::new()));
        }
        let mut share = self.gateway.bodies.share(self.limits.body_budget_bytes);
        let reading = body::read(body, self.body_limit(), &mut share);
        let body = match tokio::time::timeout(self.limits.body_deadline, reading).await {
            Ok(Ok(body)) => body,
            Ok(Err(outcome)) => return outcome,
            Err(_) => return Outcome::Refused(self.body_late()),
        };
        seen.body_bytes = body.len();
        if watched {
            seen.request = Some(self.shown(&body));
        }
        let request = Received {
            method: &self.parts.method,
            path: self.parts.uri.path(),
            query: self.parts.uri.query(),
            headers: &self.parts.headers,
            body: &body,
        };
        let receiver = self.live.receiver(|| self.gateway.clock().schedule());
        match receiver.receive(&request, self.now) {
            Ok(Incoming::Challenge(reply)) => Outcome::Challenge(reply),
            Ok(Incoming::Event(message)) => {
                seen.message(&message, &body);
                self.accept(message, body).await
            }
            Ok(Incoming::Call(message)) => {
                seen.message(&message, &body);
                self.call(message, body).await
            }
            Err(refusal) => Outcome::Refused(Cause::Dialect(refusal)),
        }
    }

    fn shown(&self, body: &Bytes) -> SeenRequest {
        SeenRequest::new(self.parts, self.peer, body, self.now)
    }

    /// What the headers and the query alone prove wrong.
    fn precheck(&self) -> Result<(), Refusal> {
        let receiver = self.live.receiver(|| self.gateway.clock().schedule());
        precheck::check(self.parts, self.live, receiver, self.now)
    }

    fn body_late(&self) -> Cause {
        let limit_ms = self.limits.body_deadline.as_millis();
        Cause::BodyLate {
            limit_ms: u64::try_from(limit_ms).unwrap_or(u64::MAX),
        }
    }

    fn body_limit(&self) -> usize {
        match self.live.source.settings.body_bytes {
            0 => self.limits.body_bytes,
            set => set,
        }
    }

    /// Writes the event and its deliveries; nothing is acknowledged before that is on the disk.
    async fn accept(&self, message: Message, wire: Bytes) -> Outcome {
        let source = self.live.source.id;
        let endpoints = self.gateway.engine.endpoints();
        let wants_raw = endpoints.wants_raw(source, &message.event_type);
        let arrival = Arrival {
            source,
            raw: self.raw(wants_raw, wire),
            event_type: message.event_type,
            app: message.app,
            dedupe_key: message.dedupe_key,
            order_key: message.order_key,
            headers: headers::kept(&self.parts.headers, &self.live.headers),
            body: message.body,
            id: None,
            alongside: Vec::new(),
        };
        match self.gateway.engine.accept(arrival).await {
            Ok(receipt) => {
                self.gateway.acknowledge_seconds.record(self.elapsed());
                Outcome::Accepted {
                    event: receipt.event,
                    duplicate: receipt.duplicate,
                }
            }
            Err(error) => Outcome::Busy(error.code()),
        }
    }

    fn elapsed(&self) -> Duration {
        self.gateway
            .clock()
            .monotonic()
            .saturating_duration_since(self.arrived)
    }

    /// Forwards a call to its endpoint; whatever goes wrong there, the platform gets an answer in time.
    async fn call(&self, message: Message, wire: Bytes) -> Outcome {
        let fallback = |event, reason| Outcome::Fallback { event, reason };
        let settings = &self.live.source.settings;
        let Some(endpoint) = settings.call_endpoint else {
            return fallback(None, Code::new("gateway.no_call_endpoint"));
        };
        let known = self.gateway.engine.endpoints().by_id(endpoint);
        let call = Call {
            source: self.live.source.id,
            raw: self.raw(known.is_some_and(|endpoint| endpoint.policy.raw), wire),
            event_type: message.event_type,
            app: message.app,
            headers: headers::kept(&self.parts.headers, &self.live.headers),
            body: message.body,
            endpoint,
            deadline: Deadline::after(settings.call_time().saturating_sub(self.elapsed())),
            permit: None,
        };
        let outcome = self.gateway.engine.call(call).await;
        match outcome.result {
            Ok(answer) => Outcome::Answered {
                event: outcome.event,
                answer,
            },
            Err(error) => match self.refused_by_business(&error) {
                Some(answer) => Outcome::Answered {
                    event: outcome.event,
                    answer,
                },
                None => fallback(Some(outcome.event), error.code),
            },
        }
    }

    /// What a business answered to Desk with a code of its own goes on: it decides there what becomes of
    /// a message or a flow (sheet `tencent-desk`, section 4.6), which the fallback cannot know.
    fn refused_by_business(&self, error: &CallError) -> Option<Bytes> {
        let is_desk = self.live.source.dialect == SourceDialect::Desk;
        (is_desk && error.code == desk::REFUSED_BY_BUSINESS).then(|| {
            let code = error.client_code.unwrap_or(1);
            desk::failed_answer(code, desk::error_info(&error.detail))
        })
    }

    /// The request as it came, where an endpoint that will get it wants that.
    fn raw(&self, wanted: bool, body: Bytes) -> Option<Bytes> {
        wanted.then(|| {
            raw::pack(&RawRequest {
                query: self.signed_query(),
                content_type: None,
                headers: headers::original(&self.parts.headers, &self.live.headers),
                body,
            })
        })
    }

    /// What of the query goes on with the original bytes, so that their signature can be checked there.
    fn signed_query(&self) -> Option<String> {
        let signs = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default();
            match self.live.source.dialect {
                SourceDialect::Desk => desk::is_framework_parameter(name),
                SourceDialect::Wecom => wecom::SIGNED_PARAMETERS.contains(&name),
                SourceDialect::Feishu | SourceDialect::Standard => false,
            }
        };
        let pairs: Vec<&str> = self.parts.uri.query()?.split('&').filter(signs).collect();
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }

    /// Counts and logs what became of the request, shows it to who watches, and makes the answer.
    fn finish(&self, outcome: Outcome, seen: Seen) -> Response {
        let state = &self.live.state;
        outcome.count(&state.tally);
        match &outcome {
            Outcome::Refused(cause) => {
                state
                    .refusals
                    .refused(*cause, self.gateway, self.peer, seen.body_bytes);
            }
            Outcome::Busy(reason) | Outcome::Fallback { reason, .. } => {
                state.refusals.failed(*reason, self.gateway);
            }
            Outcome::Challenge(_) | Outcome::Accepted { .. } | Outcome::Answered { .. } => {}
        }
        let shown = seen.request.map(|request| outcome.show(request));
        let receiver = self.live.receiver(|| self.gateway.clock().schedule());
        let response = outcome.answer(receiver, &self.live.fallback);
        if let Some(mut request) = shown {
            request.status = response.status().as_u16();
            state.traffic.show(&request);
        }
        response
    }

    /// Faults on purpose: the event is stored, but its answer is late, another, or lost.
    async fn spoil(&self, mut response: Response) -> Response {
        for fault in self.gateway.engine.faults().receive(self.live.source.id) {
            match fault {
                Fault::Delay { delay_ms } => {
                    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                }
                Fault::Status { status } => response = answer::with_status(status),
                Fault::Drop => response = answer::lost(),
                // The rest acts on sending only, which setting them has checked.
                Fault::WrongSignature
                | Fault::WrongToken
                | Fault::Duplicate
                | Fault::Reset
                | Fault::Answer { .. } => {}
            }
        }
        response
    }
}

impl Seen {
    /// What the request turned out to hold, for who watches.
    fn message(&mut self, message: &Message, wire: &Bytes) {
        if let Some(request) = &mut self.request {
            request.event_type = Some(message.event_type.clone());
            request.decrypted = (message.body.len() != wire.len())
                .then(|| String::from_utf8_lossy(&message.body).into_owned());
        }
    }
}
