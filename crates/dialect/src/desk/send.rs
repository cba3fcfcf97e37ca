//! The platform's side: the query, the signature, the body as it is.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use ringback_types::WireTime;

use super::{Account, Command, query};
use crate::{EncodeError, Outgoing, WireRequest};

/// The send half with an app's account; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    account: Arc<Account>,
    request_id: Option<Arc<str>>,
}

impl Sender {
    /// A sender that calls in this account's name.
    pub fn new(account: Account) -> Self {
        Self {
            account: Arc::new(account),
            request_id: None,
        }
    }

    /// Sends this `RequestID` with the commands that have one; without it, the event's own id.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<impl Into<Arc<str>>>) -> Self {
        self.request_id = id.map(Into::into);
        self
    }

    /// The same in the name of another app.
    #[must_use]
    pub fn with_sdk_app_id(mut self, sdk_app_id: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.account).sdk_app_id = sdk_app_id.into();
        self
    }

    /// The body as it is; command, app and signature stand in the query (2.2).
    ///
    /// `Sign` and `RequestTime` are fresh for every attempt, `RequestID` is the same for all of them.
    pub fn encode(
        &self,
        outgoing: &Outgoing<'_>,
        now: WireTime,
    ) -> Result<WireRequest, EncodeError> {
        let command = outgoing.event_type;
        let request_id = Command::parse(command)
            .filter(|command| command.has_request_id())
            .map(|_| self.request_id.as_deref().unwrap_or(outgoing.event_id));
        let mut headers = HeaderMap::new();
        if self.account.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(WireRequest {
            query: Some(query::written(&self.account, command, request_id, now)),
            headers,
            body: outgoing.body.clone(),
        })
    }
}
