//! The receiver: app, signature and time from the query alone, then the body (2.2, 4.4, 8, 10).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use ringback_types::{Secret, WireTime};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::query::Query;
use super::{Command, sign};
use crate::hexadecimal::hexadecimal;
use crate::identifier::checked_identifier;
use crate::json::{members, text, too_deep};
use crate::{Dialect, Incoming, Message, Reason, Received, Refusal, Reply, unix_seconds};

/// How far a `RequestTime` may be from now unless a setting says otherwise: what the platform's own
/// plugin takes; the framework says nothing (4.4).
pub const DEFAULT_TOLERANCE: Duration = Duration::from_mins(1);

/// Before a dedupe key that is a hash of the body.
const HASH: &str = "sha256";
/// Before a dedupe or order key that names a run of a flow.
const EXECUTION: &str = "execution";

/// What the platform and a receiver both know of an app.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// `SdkAppid`; no secret, but a receiver has to check that it is its own (2.1).
    pub sdk_app_id: String,
    /// Signs every request, where authentication is on. Without it nothing is proven.
    pub token: Option<Secret>,
}

/// The receive half: current secrets, and the ones before them while a rotation lasts.
#[derive(Debug, Clone)]
pub struct Receiver {
    current: Arc<Secrets>,
    previous: Option<Arc<Secrets>>,
    tolerance: Option<Duration>,
    strict: bool,
}

/// The members that are read; every other is the endpoint's business.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow, rename = "CallbackCommand")]
    command: Option<&'a RawValue>,
    #[serde(borrow, rename = "ExecutionId")]
    execution_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "Seq")]
    seq: Option<&'a RawValue>,
    #[serde(borrow, rename = "SessionId")]
    session_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "From_Account")]
    from_account: Option<&'a RawValue>,
    #[serde(borrow, rename = "To_Account")]
    to_account: Option<&'a RawValue>,
    #[serde(borrow, rename = "MsgKey")]
    msg_key: Option<&'a RawValue>,
    #[serde(borrow, rename = "GroupId")]
    group_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "MsgSeq")]
    msg_seq: Option<&'a RawValue>,
    #[serde(borrow, rename = "Random")]
    random: Option<&'a RawValue>,
}

/// A reason, and whether the signature had held.
type Refused = (Reason, bool);

impl Receiver {
    /// A tolerant receiver with these secrets and the [`DEFAULT_TOLERANCE`].
    pub fn new(current: Secrets) -> Self {
        Self {
            current: Arc::new(current),
            previous: None,
            tolerance: Some(DEFAULT_TOLERANCE),
            strict: false,
        }
    }

    /// Also accepts these older secrets, for as long as the receiver has them; where they have no
    /// token, what is unsigned.
    #[must_use]
    pub fn with_previous(mut self, previous: Secrets) -> Self {
        self.previous = Some(Arc::new(previous));
        self
    }

    /// Refuses times that are further from now than this; `None` accepts any.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Option<Duration>) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Strict: the command in the platform's capitals, the same in query and body, announced as JSON.
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Verifies and reads a request.
    pub fn receive(&self, request: &Received<'_>, now: WireTime) -> Result<Incoming, Refusal> {
        self.take(request, now)
            .map_err(|(reason, authenticated)| Refusal::new(Dialect::Desk, reason, authenticated))
    }

    /// What method and query alone prove wrong, before a body is read: whoever does not know the token
    /// is turned away here. [`Receiver::receive`] looks again.
    pub fn precheck(
        &self,
        method: &Method,
        query: Option<&str>,
        now: WireTime,
    ) -> Result<(), Reason> {
        check_method(method)?;
        self.verify(&Query::read(query.unwrap_or_default())?, now)
            .map(drop)
    }

    fn take(&self, request: &Received<'_>, now: WireTime) -> Result<Incoming, Refused> {
        let stranger = |reason| (reason, false);
        check_method(request.method).map_err(stranger)?;
        let query = Query::read(request.query.unwrap_or_default()).map_err(stranger)?;
        let authenticated = self.verify(&query, now).map_err(stranger)?;
        self.read(&query, request.headers, request.body)
            .map_err(|reason| (reason, authenticated))
    }

    /// Checks app, time and signature; answers whether there was a signature that held.
    fn verify(&self, query: &Query<'_>, now: WireTime) -> Result<bool, Reason> {
        let app_id = query.app_id.as_deref().filter(|id| !id.is_empty());
        let app_id = app_id.ok_or(Reason::AppIdMissing)?;
        let mut reason = Reason::AppIdMismatch;
        for secrets in self
            .secrets()
            .filter(|secrets| secrets.sdk_app_id == app_id)
        {
            match self.check_sign(secrets, query, now) {
                Ok(authenticated) => return Ok(authenticated),
                Err(other) => reason = other,
            }
        }
        Err(reason)
    }

    fn check_sign(
        &self,
        secrets: &Secrets,
        query: &Query<'_>,
        now: WireTime,
    ) -> Result<bool, Reason> {
        let Some(token) = &secrets.token else {
            return Ok(false);
        };
        let signature = query.signature.as_deref().ok_or(Reason::SignatureMissing)?;
        let time = query.time.as_deref().ok_or(Reason::TimestampMissing)?;
        let seconds = unix_seconds::parse(time.as_bytes()).ok_or(Reason::TimestampFormat)?;
        let skew = unix_seconds::skew(seconds, now);
        if self.tolerance.is_some_and(|tolerance| skew > tolerance) {
            return Err(Reason::TimestampStale);
        }
        verify_slices_are_equal(sign(token, time).as_bytes(), signature.as_bytes())
            .map(|()| true)
            .map_err(|_| Reason::SignatureMismatch)
    }

    fn secrets(&self) -> impl Iterator<Item = &Secrets> {
        std::iter::once(&*self.current).chain(self.previous.as_deref())
    }

    fn read(
        &self,
        query: &Query<'_>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Incoming, Reason> {
        if self.strict {
            check_content_type(query, headers)?;
        }
        let json = std::str::from_utf8(body).map_err(|_| Reason::BodyNotJson)?;
        if too_deep(body) {
            return Err(Reason::Depth);
        }
        let members: Body<'_> = members(json, Reason::BodyNotJson)?;
        let word = self.command(query, &members)?;
        let command = Command::find(&word);
        let event_type = command.map_or(word, |command| command.as_str().to_owned());
        let is_call = command.is_some_and(Command::is_call);
        let message = Message {
            dedupe_key: if is_call {
                None
            } else {
                Some(dedupe_key(query, command, &members, body)?)
            },
            order_key: command.and_then(|command| members.order_key(command)),
            app: checked(query.app_id.as_deref())?,
            event_type,
            body: body.clone(),
        };
        Ok(if is_call {
            Incoming::Call(message)
        } else {
            Incoming::Event(message)
        })
    }

    /// The command word: the query's, else the body's; receivers that exist look at one of them (8).
    fn command(&self, query: &Query<'_>, members: &Body<'_>) -> Result<String, Reason> {
        let in_query = checked(query.command.as_deref())?;
        let in_body = checked(text(members.command).as_deref())?;
        if self.strict && in_query != in_body {
            return Err(match (&in_query, &in_body) {
                (Some(_), Some(_)) => Reason::CommandMismatch,
                _ => Reason::CommandMissing,
            });
        }
        let word = in_query.or(in_body).ok_or(Reason::CommandMissing)?;
        let spelt = Command::find(&word).is_none_or(|command| command.as_str() == word);
        if self.strict && !spelt {
            return Err(Reason::CommandSpelling);
        }
        Ok(word)
    }
}

/// The answer to an event that has been recorded, or that is a duplicate (4.1).
pub fn acknowledgement() -> Reply {
    Reply::json(&br#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#[..])
}

fn check_method(method: &Method) -> Result<(), Reason> {
    (method == Method::POST)
        .then_some(())
        .ok_or(Reason::NotPost)
}

/// The header must say JSON; the parameter, which the framework calls optional (4.2), nothing else.
fn check_content_type(query: &Query<'_>, headers: &HeaderMap) -> Result<(), Reason> {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    let announced = essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let parameter = query.content_type.as_deref();
    let agrees = parameter.is_none_or(|value| value.eq_ignore_ascii_case("json"));
    (announced && agrees)
        .then_some(())
        .ok_or(Reason::ContentType)
}

fn checked(text: Option<&str>) -> Result<Option<String>, Reason> {
    text.map_or(Ok(None), checked_identifier)
}

/// What makes it the same event as another: the id of the request, which a retry repeats; else what the
/// command itself has to be known by; else the body.
fn dedupe_key(
    query: &Query<'_>,
    command: Option<Command>,
    members: &Body<'_>,
    body: &[u8],
) -> Result<String, Reason> {
    if let Some(id) = checked(query.request_id.as_deref())? {
        return Ok(id);
    }
    let own = command.and_then(|command| members.own_key(command));
    Ok(own.unwrap_or_else(|| {
        let digest = digest::digest(&digest::SHA256, body);
        format!("{HASH}:{}", hexadecimal(digest.as_ref()))
    }))
}

impl Body<'_> {
    /// The key in the body of an event without a `RequestID`. A message's number counts within its
    /// conversation only, so that both ends belong to it.
    fn own_key(&self, command: Command) -> Option<String> {
        match command {
            Command::TaskFlowEventNotify => key(EXECUTION, &[self.execution_id, self.seq]),
            Command::OnC2CMessage => {
                let parts = [self.from_account, self.to_account, self.msg_key];
                key(command.as_str(), &parts)
            }
            Command::OnGroupMessage => {
                let parts = [self.group_id, self.msg_seq, self.random];
                key(command.as_str(), &parts)
            }
            Command::SessionEventNotify
            | Command::InterfaceInvocation
            | Command::OnAssignHuman
            | Command::OnAssignAgent
            | Command::OnC2CSignalMessage => None,
        }
    }

    /// The sequence that it belongs to: a run of a flow (3.1), a session.
    fn order_key(&self, command: Command) -> Option<String> {
        match command {
            Command::TaskFlowEventNotify => key(EXECUTION, &[self.execution_id]),
            Command::SessionEventNotify => key("session", &[self.session_id]),
            Command::InterfaceInvocation
            | Command::OnAssignHuman
            | Command::OnAssignAgent
            | Command::OnC2CSignalMessage
            | Command::OnC2CMessage
            | Command::OnGroupMessage => None,
        }
    }
}

/// Whether a dedupe key of this dialect is the `RequestID` that the event came with, and not one that
/// was made of its body.
pub fn is_request_id(key: &str) -> bool {
    let made = |prefix: &str| {
        let rest = key.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    ![HASH, EXECUTION].into_iter().any(made)
}

/// `prefix:part:part`, where every part is there and the whole may be a key.
fn key(prefix: &str, parts: &[Option<&RawValue>]) -> Option<String> {
    let mut key = prefix.to_owned();
    for part in parts {
        let part = scalar((*part)?)?;
        key.push(':');
        key.push_str(&part);
    }
    checked_identifier(&key).ok().flatten()
}

/// A text or a number as text; the platform's own samples print numbers either way (5).
fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get().as_bytes().first()? {
        b'"' => text(Some(value)).filter(|text| !text.is_empty()),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(value.get())),
        _ => None,
    }
}
