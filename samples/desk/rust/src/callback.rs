//! A request of the platform, checked and read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{self, FromRequest, Request};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Map, Value};

use crate::App;
use crate::answer::Refusal;

/// The largest body that is read.
const MOST_BYTES: usize = 1024 * 1024;
/// How long a body may take to arrive; the platform itself gives up after two seconds.
const READING: Duration = Duration::from_secs(10);

/// The parameters in the URL.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    fn of(uri: &Uri) -> Self {
        Self(extract::Query::try_from_uri(uri).map_or_else(|_| Vec::new(), |query| query.0))
    }

    /// The value under this name, empty where there is none. The platform's own pages do not agree
    /// whether it is `SdkAppid` or `SDKAppID`, so case does not count.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// One callback, of whom the settings admit.
#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) query: Query,
    pub(crate) fields: Map<String, Value>,
}

impl Callback {
    /// Refuses all but these commands; what the URL says and what the body says must be the same.
    /// Pages write `Chatbot` and `ChatBot`, so case does not count here either.
    pub(crate) fn must_be(
        &self,
        commands: &[&str],
        otherwise: &'static str,
    ) -> Result<(), Refusal> {
        let command = text(self.fields.get("CallbackCommand"));
        if !command.eq_ignore_ascii_case(self.query.get("CallbackCommand")) {
            return Err(Refusal::Fail(
                "CallbackCommand is not the same in the URL and in the body",
            ));
        }
        let known = commands.iter().any(|one| command.eq_ignore_ascii_case(one));
        known.then_some(()).ok_or(Refusal::Fail(otherwise))
    }
}

impl FromRequest<Arc<App>> for Callback {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let (head, body) = request.into_parts();
        check_length(&head.headers)?;
        let query = Query::of(&head.uri);
        app.settings.admit(&query)?;
        // `Content-Type` is not looked at: the platform's own sample request has none.
        let fields = serde_json::from_slice(&read(body).await?)
            .map_err(|_| Refusal::Fail("the body is not a JSON object"))?;
        Ok(Self { query, fields })
    }
}

/// The platform says how long its bodies are, so one that is too long is refused before it is read.
fn check_length(headers: &HeaderMap) -> Result<(), Refusal> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    match declared.map(str::parse::<usize>) {
        None => Err(Refusal::Http(
            StatusCode::LENGTH_REQUIRED,
            "Content-Length is missing",
        )),
        Some(Ok(0..=MOST_BYTES)) => Ok(()),
        Some(_) => Err(Refusal::Http(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than 1 MiB",
        )),
    }
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    let read = tokio::time::timeout(READING, axum::body::to_bytes(body, MOST_BYTES)).await;
    let late = |_| Refusal::Http(StatusCode::REQUEST_TIMEOUT, "the body does not arrive");
    let broken = |_| Refusal::Http(StatusCode::BAD_REQUEST, "the body does not arrive whole");
    read.map_err(late)?.map_err(broken)
}

/// A value as text, empty where there is none. The platform's samples have strings only and do not rule
/// numbers out, so a whole number is its digits.
pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) if !number.is_f64() => number.to_string(),
        _ => String::new(),
    }
}
