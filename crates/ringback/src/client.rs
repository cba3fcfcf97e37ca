//! The management client: how commands ask a running server.
//!
//! One connection per request; commands ask a handful of questions and end.

mod connect;
mod locate;
pub(crate) mod tls;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use ringback_types::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::failure::Failure;

/// The most of an answer that is read; the log's pages are far below.
const ANSWER_CAP_BYTES: usize = 64 << 20;
/// How long the server may take to begin its answer; `clock advance` plays hours of ladder in it.
const ANSWER_LIMIT: Duration = Duration::from_mins(10);

/// A server and the token it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    base: Url,
    token: Secret,
    /// Certificates that are trusted besides the system's.
    ca: Option<PathBuf>,
}

/// What a request carries.
struct Body {
    content_type: &'static str,
    bytes: Bytes,
}

impl Body {
    fn json(value: &Value) -> Self {
        Self {
            content_type: "application/json",
            bytes: value.to_string().into(),
        }
    }
}

impl Client {
    /// The client of this server.
    pub(crate) fn new(base: Url, token: Secret) -> Self {
        Self {
            base,
            token,
            ca: None,
        }
    }

    /// The same, trusting the certificates in this file besides.
    #[must_use]
    fn trusting(mut self, ca: Option<PathBuf>) -> Self {
        self.ca = ca;
        self
    }

    /// Address of the server, without a slash at its end.
    pub(crate) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Asks for something below `/api/v1/`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::GET, path, None).await
    }

    /// Sends something below `/api/v1/`.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<T, Failure> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Sends lines of JSON to something below `/api/v1/`.
    pub(crate) async fn post_lines<T: DeserializeOwned>(
        &self,
        path: &str,
        lines: Bytes,
    ) -> Result<T, Failure> {
        let body = Body {
            content_type: "application/x-ndjson",
            bytes: lines,
        };
        self.whole(Method::POST, path, Some(body)).await
    }

    /// Sends JSON as it stands, to the byte, so that the server names what is wrong in it.
    pub(crate) async fn post_text<T: DeserializeOwned>(
        &self,
        path: &str,
        text: String,
    ) -> Result<T, Failure> {
        let body = Body {
            content_type: "application/json",
            bytes: text.into(),
        };
        self.whole(Method::POST, path, Some(body)).await
    }

    /// Asks for something that is a text and no JSON.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Failure> {
        let (status, bytes) = self.exchange(Method::GET, path, None).await?;
        if !status.is_success() {
            return Err(refused(status, &bytes));
        }
        String::from_utf8(bytes.into()).map_err(|_| not_ours("it is no UTF-8"))
    }

    /// One request and its whole answer, read as JSON; an empty answer reads as `null`.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        self.whole(method, path, body.map(Body::json)).await
    }

    async fn whole<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<T, Failure> {
        let (status, bytes) = self.exchange(method, path, body).await?;
        let bytes = if bytes.is_empty() {
            b"null".as_slice()
        } else {
            &bytes
        };
        if status.is_success() {
            return serde_json::from_slice(bytes).map_err(|error| not_ours(&error.to_string()));
        }
        Err(refused(status, bytes))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let answer = self.send(method, path, body).await?;
        let status = answer.status();
        let read = Limited::new(answer.into_body(), ANSWER_CAP_BYTES)
            .collect()
            .await;
        let bytes = read.map_err(|error| broken(&error.to_string()))?.to_bytes();
        Ok((status, bytes))
    }

    /// One request and an answer that is read as it comes.
    pub(crate) async fn stream(&self, path: &str) -> Result<Incoming, Failure> {
        let answer = self.send(Method::GET, path, None).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer.into_body());
        }
        let read = Limited::new(answer.into_body(), ANSWER_CAP_BYTES)
            .collect()
            .await;
        Err(refused(
            status,
            &read
                .map(http_body_util::Collected::to_bytes)
                .unwrap_or_default(),
        ))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<http::Response<Incoming>, Failure> {
        let request = self.request(method, path, body)?;
        let mut sender = self.connection().await?;
        let answered = tokio::time::timeout(ANSWER_LIMIT, sender.send_request(request)).await;
        let answered = answered.map_err(|_| broken("no answer in ten minutes"))?;
        answered.map_err(|error| self.unanswered(&error))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let token = self.token.expose_str().unwrap_or_default();
        let host = self.base.host_str().unwrap_or_default();
        let host = self
            .base
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mut request = Request::builder()
            .method(method)
            .uri(format!(
                "{}/api/v1/{path}",
                self.base.path().trim_end_matches('/')
            ))
            .header(header::HOST, host)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(
                header::USER_AGENT,
                concat!("ringback/", env!("CARGO_PKG_VERSION")),
            );
        let mut bytes = Bytes::new();
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, body.content_type);
            bytes = body.bytes;
        }
        request.body(Full::from(bytes)).map_err(|_| {
            Failure::usage(
                "client.request",
                "the token or an argument does not fit into a request",
            )
        })
    }

    async fn connection(&self) -> Result<SendRequest<Full<Bytes>>, Failure> {
        let stream = connect::open(&self.base, self.ca.as_deref())
            .await
            .map_err(|error| self.unreachable(&error))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error.to_string()))?;
        // Its errors come out at the request it carries.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// A server that speaks TLS answers a plain request by an alert, which is no HTTP.
    fn unanswered(&self, error: &hyper::Error) -> Failure {
        if self.base.scheme() == "http" && error.is_parse() {
            let message = format!("`{}` does not answer as plain HTTP", self.address());
            return Failure::unreachable("client.speaks_tls", message)
                .with_hint("it may speak TLS: write the URL with `https://`");
        }
        broken(&error.to_string())
    }

    fn unreachable(&self, error: &std::io::Error) -> Failure {
        let reached = format!("cannot reach `{}`", self.address());
        match tls::in_plain_words(&error.to_string()) {
            Some(plain) => Failure::unreachable(plain.code, format!("{reached}: {}", plain.cause))
                .with_hint(plain.client_fix),
            None => Failure::unreachable("client.unreachable", format!("{reached}: {error}"))
                .with_hint("start one with `ringback dev`, or name another with `--url`"),
        }
    }
}

/// What the server refused, in its own words.
fn refused(status: StatusCode, body: &[u8]) -> Failure {
    #[derive(serde::Deserialize)]
    struct Problem {
        code: String,
        message: String,
        hint: Option<String>,
        /// What the platform's console would show, where a request URL is refused.
        platform_message: Option<String>,
    }
    let Ok(mut problem) = serde_json::from_slice::<Problem>(body) else {
        return not_ours(&format!("it answered {}", status.as_u16()));
    };
    if let Some(shown) = &problem.platform_message {
        problem.message = format!(
            "{} (the platform's console says `{shown}`)",
            problem.message
        );
    }
    let mut failure = match status {
        StatusCode::UNAUTHORIZED => Failure::unreachable("client.unauthorised", problem.message),
        StatusCode::FORBIDDEN => Failure::unreachable("client.forbidden", problem.message),
        _ => Failure::failed("client.refused", problem.message),
    };
    if status != StatusCode::UNAUTHORIZED {
        failure.code = problem.code.into();
    }
    match problem.hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

fn not_ours(detail: &str) -> Failure {
    let message = format!("the answer is not one of Ringback's: {detail}");
    Failure::unreachable("client.not_ours", message)
        .with_hint("check that `--url` names a Ringback of this version")
}

fn broken(detail: &str) -> Failure {
    Failure::unreachable(
        "client.broken_answer",
        format!("the connection broke: {detail}"),
    )
    .with_hint("try again; if it stays so, see the server's log")
}

/// A text as one segment of a path or one value of a query.
pub(crate) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// A path with a query of these pairs.
pub(crate) fn with_query<'a>(
    path: &str,
    pairs: impl IntoIterator<Item = (&'a str, String)>,
) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={}", encode(&value)))
        .collect();
    if pairs.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", pairs.join("&"))
    }
}
