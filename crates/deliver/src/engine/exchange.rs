//! One exchange, as events and calls share it: resolve, encode, carry.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::HeaderMap;
use ringback_dialect::{Outgoing, Sender, WireRequest};
use ringback_store::record::{Attempt, AttemptOutcome, Event};
use ringback_types::{Code, Coded, Deadline, ScheduleTime};

use tokio::sync::OwnedSemaphorePermit;

use super::Inner;
use super::corrupt::{corrupt, mistaken};
use crate::endpoint::Endpoint;
use crate::failure::{Stage, TransportFailure};
use crate::faults::Fault;
use crate::own::unresolved;
use crate::policy::Policy;
use crate::raw;
use crate::seam::{Answer, Limits, Resolved, Target, Transport};

/// What the record keeps of the headers that were sent: never a signature or token.
const SENT_HEADERS: [&str; 6] = [
    "content-type",
    "webhook-id",
    "webhook-timestamp",
    "x-lark-request-nonce",
    "x-lark-request-timestamp",
    "x-request-id",
];
/// What the record keeps of an answer's headers.
const ANSWER_HEADERS: [&str; 6] = [
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "x-request-id",
];

/// Why there is no answer, or why it does not count.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    pub(super) code: Code,
    pub(super) detail: String,
}

impl<E: Coded> From<E> for Failed {
    fn from(error: E) -> Self {
        Self {
            code: error.code(),
            detail: error.to_string(),
        }
    }
}

impl Failed {
    /// The attempt itself broke off: a mistake of ours, caught so that the delivery is not stuck.
    pub(super) fn broken() -> Self {
        Self {
            code: Code::new("deliver.broken"),
            detail: "the attempt broke off; the log of the process says where".to_owned(),
        }
    }
}

/// One try, not yet judged.
pub(super) struct Tried {
    pub(super) started_at: ScheduleTime,
    pub(super) duration: Duration,
    pub(super) policy: Arc<Policy>,
    pub(super) target: Option<String>,
    pub(super) request_headers: Option<String>,
    /// Held until the answer has been judged.
    pub(super) permit: Option<OwnedSemaphorePermit>,
    /// The answer with who is to judge it.
    pub(super) answer: Result<(Answer, Sender), Failed>,
}

impl Tried {
    /// The try as the record keeps it.
    pub(super) fn into_attempt(self, number: u32, failure: Option<Failed>) -> Attempt {
        let (answer, failure) = match self.answer {
            Ok((mut answer, sender)) => {
                if !sender.answer_is_kept() {
                    answer.body = Bytes::new();
                }
                (Some(answer), failure)
            }
            Err(none) => (None, Some(none)),
        };
        let (failure, detail) = failure.map(|failed| (failed.code, failed.detail)).unzip();
        Attempt {
            number,
            started_at: self.started_at,
            duration_us: self.duration.as_micros() as i64,
            outcome: match failure {
                None => AttemptOutcome::Delivered,
                Some(_) => AttemptOutcome::Failed,
            },
            status: answer.as_ref().map(|answer| answer.status.as_u16()),
            failure,
            detail,
            target: self.target,
            request_headers: self.request_headers,
            response_headers: answer
                .as_ref()
                .and_then(|answer| shown(&answer.headers, &ANSWER_HEADERS)),
            response_cut: answer.as_ref().is_some_and(|answer| answer.cut),
            response_body: answer
                .map(|answer| answer.body)
                .filter(|body| !body.is_empty()),
        }
    }
}

impl Inner {
    /// One exchange with the endpoint, inside its policy's deadline and `until`.
    pub(super) async fn try_once(
        &self,
        endpoint: &Endpoint,
        event: &Event,
        until: Option<Deadline>,
    ) -> Tried {
        let began = self.clock.monotonic();
        let mut tried = Tried {
            started_at: self.clock.schedule(),
            duration: Duration::ZERO,
            policy: Arc::clone(&endpoint.policy),
            target: None,
            request_headers: None,
            permit: None,
            answer: Err(Failed::from(unresolved())),
        };
        let answer = AssertUnwindSafe(self.answer(endpoint, event, until, &mut tried));
        let answer = answer.catch_unwind().await;
        tried.answer = answer.unwrap_or_else(|_| Err(Failed::broken()));
        tried.duration = self.clock.monotonic().duration_since(began);
        tried
    }

    async fn answer(
        &self,
        endpoint: &Endpoint,
        event: &Event,
        until: Option<Deadline>,
        tried: &mut Tried,
    ) -> Result<(Answer, Sender), Failed> {
        let Resolved {
            target,
            sender,
            policy,
            permit,
        } = self.resolve(endpoint, event).await?;
        tried.target = Some(target.for_record());
        tried.policy = policy;
        tried.permit = permit;
        let limits = limits(&tried.policy, until);
        let faults = self.faults.send(endpoint.id);
        let mistaken = mistaken(&sender, endpoint, &faults);
        let encoding = mistaken.as_ref().unwrap_or(&sender);
        let mut request = self.encode(encoding, event, &tried.policy)?;
        tried.request_headers = shown(&request.headers, &SENT_HEADERS);
        let answer = if faults.is_empty() {
            self.carry(&target, request, &limits).await?
        } else {
            corrupt(&mut request, endpoint, &sender, &faults)?;
            self.carry_faultily(&target, request, &limits, &faults)
                .await?
        };
        Ok((answer, sender))
    }

    async fn resolve(&self, endpoint: &Endpoint, event: &Event) -> Result<Resolved, Failed> {
        let resolver = self.rooms().resolvers.get(&endpoint.room).map(Arc::clone);
        let resolver = resolver.ok_or_else(unresolved)?;
        Ok(resolver.resolve(endpoint, event).await?)
    }

    fn encode(
        &self,
        sender: &Sender,
        event: &Event,
        policy: &Policy,
    ) -> Result<WireRequest, Failed> {
        let body = event.body.as_ref().ok_or_else(pruned)?;
        let original = event
            .raw
            .as_ref()
            .filter(|_| policy.raw)
            .and_then(raw::unpack);
        let outgoing = Outgoing {
            event_id: &event.id.to_string(),
            event_type: &event.event_type,
            body,
            raw: original.as_ref(),
        };
        Ok(sender.encode(&outgoing, self.clock.wire(), self.random.secret())?)
    }

    async fn carry(
        &self,
        target: &Target,
        request: WireRequest,
        limits: &Limits,
    ) -> Result<Answer, TransportFailure> {
        let (Target::Named { transport, .. } | Target::Through { transport, .. }) = target else {
            return self.http.exchange(target, request, limits).await;
        };
        let named = self.rooms().transports.get(transport).map(Arc::clone);
        match named {
            Some(named) => named.exchange(target, request, limits).await,
            None => self.http.exchange(target, request, limits).await,
        }
    }

    /// The same with faults on the way (design, section 9).
    async fn carry_faultily(
        &self,
        target: &Target,
        request: WireRequest,
        limits: &Limits,
        faults: &[Fault],
    ) -> Result<Answer, TransportFailure> {
        let mut lost = false;
        for fault in faults {
            match fault {
                Fault::Delay { delay_ms } => hold_back(*delay_ms, limits.deadline).await?,
                Fault::Drop => return Err(TransportFailure::Late { stage: Stage::Head }),
                Fault::Status { status } => return Ok(made_up(*status, "")),
                Fault::Answer { answer } => return Ok(made_up(200, answer.body())),
                Fault::Duplicate => {
                    // Its answer is nobody's: the platform that sends twice waits for the second.
                    drop(self.carry(target, request.clone(), limits).await);
                }
                Fault::Reset => lost = true,
                Fault::WrongSignature | Fault::WrongToken => {}
            }
        }
        let answer = self.carry(target, request, limits).await?;
        if lost {
            Err(TransportFailure::Reset { stage: Stage::Head })
        } else {
            Ok(answer)
        }
    }
}

fn limits(policy: &Policy, until: Option<Deadline>) -> Limits {
    let deadline = Deadline::after(policy.deadline());
    Limits {
        deadline: until.map_or(deadline, |until| until.min(deadline)),
        connect: policy.connect(),
        answer_cap_bytes: policy.answer_cap_bytes as usize,
    }
}

fn pruned() -> Failed {
    Failed {
        code: Code::new("deliver.body_pruned"),
        detail: "the body of the event has been pruned".to_owned(),
    }
}

async fn hold_back(delay_ms: u64, deadline: Deadline) -> Result<(), TransportFailure> {
    let left = deadline.remaining();
    let delay = Duration::from_millis(delay_ms);
    tokio::time::sleep(delay.min(left)).await;
    if delay < left {
        Ok(())
    } else {
        Err(TransportFailure::Late { stage: Stage::Head })
    }
}

fn made_up(status: u16, body: &'static str) -> Answer {
    Answer {
        status: http::StatusCode::from_u16(status)
            .unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR),
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
        cut: false,
    }
}

/// The headers of these names as a JSON object; `None` when there are none.
fn shown(headers: &HeaderMap, names: &[&'static str]) -> Option<String> {
    let mut json = String::new();
    for name in names {
        let Some(value) = headers.get(*name) else {
            continue;
        };
        json.push(if json.is_empty() { '{' } else { ',' });
        let value = String::from_utf8_lossy(value.as_bytes());
        let quoted = serde_json::to_string(&value).unwrap_or_default();
        json.push('"');
        json.push_str(name);
        json.push_str("\":");
        json.push_str(&quoted);
    }
    if json.is_empty() {
        return None;
    }
    json.push('}');
    Some(json)
}
