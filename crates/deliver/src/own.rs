//! Resolving the endpoints that a person made: URL, secrets and policy stand in the endpoint itself.

use std::future::ready;
use std::sync::Arc;

use ringback_dialect::{Sender, desk, feishu, standard};
use ringback_store::record::Event;
use ringback_types::{Clock, Code, Coded as _, ScheduleTime, Secret};

use crate::endpoint::{Endpoint, EndpointDialect, Secrets};
use crate::guard::check_url;
use crate::registry::EndpointError;
use crate::seam::{BoxFuture, Resolve, ResolveError, Resolved, Target};
use crate::transport::HttpUrl;

/// What is made of an endpoint's URL and secrets once and used at every attempt.
#[derive(Debug, Clone)]
pub(crate) struct Prepared(Result<Arc<Ready>, ResolveError>);

#[derive(Debug)]
struct Ready {
    url: Arc<HttpUrl>,
    sender: Sender,
    /// Signs with the key before the last rotation too, until then.
    overlapping: Option<(Sender, ScheduleTime)>,
}

/// Resolves from the endpoint itself.
#[derive(Debug)]
pub(crate) struct OwnResolver {
    clock: Clock,
}

impl OwnResolver {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl Resolve for OwnResolver {
    fn resolve<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Resolved, ResolveError>> {
        Box::pin(ready(self.resolved(endpoint, event)))
    }
}

impl OwnResolver {
    fn resolved(&self, endpoint: &Endpoint, event: &Event) -> Result<Resolved, ResolveError> {
        let Prepared(prepared) = endpoint.prepared.get_or_init(|| prepare(endpoint));
        let ready = prepared.as_ref().map_err(Clone::clone)?;
        let sender = match &ready.overlapping {
            Some((both, until)) if self.clock.schedule() < *until => both,
            _ => &ready.sender,
        };
        Ok(Resolved {
            target: Target::Url(Arc::clone(&ready.url)),
            sender: match sender {
                Sender::Desk(sender) => Sender::Desk(as_received(sender, event)),
                sender => sender.clone(),
            },
            policy: Arc::clone(&endpoint.policy),
            permit: None,
        })
    }
}

/// In the name of the app that the event came for, and under the `RequestID` that it came with: who
/// gets it behind Ringback still knows a retry of the platform's by that.
fn as_received(sender: &desk::Sender, event: &Event) -> desk::Sender {
    let sender = match &event.app {
        Some(app) => sender.clone().with_sdk_app_id(app.as_str()),
        None => sender.clone(),
    };
    let request_id = event.dedupe_key.as_deref();
    sender.with_request_id(request_id.filter(|key| desk::is_request_id(key)))
}

fn prepare(endpoint: &Endpoint) -> Prepared {
    Prepared(
        made_ready(endpoint)
            .map(Arc::new)
            .map_err(|error| ResolveError {
                code: error.code(),
                message: error.to_string(),
                hint: Some("change the endpoint with `ringback endpoint`"),
            }),
    )
}

fn made_ready(endpoint: &Endpoint) -> Result<Ready, EndpointError> {
    let url = endpoint.url.as_deref().ok_or(EndpointError::NoUrl)?;
    let (sender, overlapping) = senders(endpoint.dialect, &endpoint.secrets)?;
    Ok(Ready {
        url: Arc::new(check_url(url)?.into()),
        sender,
        overlapping,
    })
}

/// The sender of these secrets, and the one that also signs with the previous key until then.
///
/// Only `standard` can carry two signatures; Feishu has one key at a time (Feishu sheet, 1.1).
pub(crate) fn senders(
    dialect: EndpointDialect,
    secrets: &Secrets,
) -> Result<(Sender, Option<(Sender, ScheduleTime)>), EndpointError> {
    match dialect {
        EndpointDialect::Raw => Ok((Sender::Raw, None)),
        EndpointDialect::Desk => {
            let account = desk::Account::new("", secrets.token.clone());
            Ok((Sender::Desk(desk::Sender::new(account)), None))
        }
        EndpointDialect::Wecom | EndpointDialect::Zone => Err(EndpointError::DialectOfRoom {
            dialect: dialect.as_str(),
        }),
        EndpointDialect::Feishu => {
            let token = secrets.token.clone().unwrap_or_else(|| Secret::from(""));
            let secrets = feishu::Secrets::new(secrets.key.as_ref(), token);
            Ok((Sender::Feishu(feishu::Sender::new(secrets)), None))
        }
        EndpointDialect::Standard => {
            let key = signing_key(secrets.key.as_ref().ok_or(EndpointError::NoKey)?)?;
            let overlapping = match &secrets.previous {
                Some((previous, until)) => {
                    let both = vec![key.clone(), signing_key(previous)?];
                    Some((Sender::Standard(standard::Sender::new(both)), *until))
                }
                None => None,
            };
            Ok((
                Sender::Standard(standard::Sender::new(vec![key])),
                overlapping,
            ))
        }
    }
}

fn signing_key(text: &Secret) -> Result<standard::SigningKey, EndpointError> {
    standard::SigningKey::parse(text).map_err(EndpointError::Key)
}

/// The failure of an endpoint whose room has not said how to resolve it.
pub(crate) fn unresolved() -> ResolveError {
    ResolveError {
        code: Code::new("deliver.no_resolver"),
        message: "the room of this endpoint is not there".to_owned(),
        hint: None,
    }
}
