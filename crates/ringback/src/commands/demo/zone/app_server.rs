//! The app's server: answers the URL check, and takes notifications.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse as _, Response};
use ringback_dialect::wecom::{EncodingAesKey, ProgramNotify, Receiver, Secrets};
use ringback_dialect::{Incoming, Received, Reply, refusal_reply};
use ringback_types::{Clock, Secret};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::check::in_time;
use crate::failure::Failure;
use crate::ready_file::WecomCredentials;

/// Where everything is as it must be.
const CALLBACK: &str = "/callback";
/// Where the answer to the check ends with a line break, as if it were printed.
const CARELESS: &str = "/careless";

/// The running server.
pub(super) struct AppServer {
    base: String,
    notices: UnboundedReceiver<Notice>,
}

/// A `program_notify` that was verified and decrypted.
pub(super) struct Notice {
    pub(super) notify_id: String,
    /// All of it: XML.
    pub(super) xml: String,
}

#[derive(Clone)]
struct Receiving {
    receiver: Arc<Receiver>,
    notices: UnboundedSender<Notice>,
}

impl AppServer {
    /// Listens on a free port of loopback, with the Token and EncodingAESKey that are well known.
    pub(super) async fn start(app: &WecomCredentials) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(Failure::internal)?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let (sender, notices) = unbounded_channel();
        let receiving = Receiving {
            receiver: Arc::new(Receiver::new(Secrets {
                token: Secret::from(app.token.as_str()),
                aes_key: EncodingAesKey::parse(&Secret::from(app.encoding_aes_key.as_str()))?,
                receive_id: app.corpid.clone(),
            })),
            notices: sender,
        };
        let routes = Router::new().fallback(take).with_state(receiving);
        // It lives as long as the process; the demo has no use for its end.
        tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        Ok(Self {
            base: format!("http://{address}"),
            notices,
        })
    }

    /// The data-callback URL.
    pub(super) fn url(&self) -> String {
        format!("{}{CALLBACK}", self.base)
    }

    /// A URL whose answer to the check is not exact.
    pub(super) fn careless_url(&self) -> String {
        format!("{}{CARELESS}", self.base)
    }

    /// The next notification.
    pub(super) async fn notice(&mut self) -> Result<Notice, Failure> {
        in_time("a `program_notify`", self.notices.recv()).await
    }

    /// Whether there is none that nobody has looked at.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.notices.try_recv().is_err()
    }
}

async fn take(
    State(receiving): State<Receiving>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = Received {
        method: &method,
        path: uri.path(),
        query: query.as_deref(),
        headers: &headers,
        body: &body,
    };
    match receiving.receiver.receive(&received, Clock::real().wire()) {
        Ok(Incoming::Challenge(reply)) if uri.path() == CARELESS => answer(with_line_break(&reply)),
        Ok(Incoming::Challenge(reply)) => answer(reply),
        Ok(Incoming::Event(message)) if message.event_type == ProgramNotify::EVENT => {
            let notice = Notice {
                notify_id: message.dedupe_key.unwrap_or_default(),
                xml: String::from_utf8_lossy(&message.body).into_owned(),
            };
            drop(receiving.notices.send(notice));
            answer(receiving.receiver.acknowledgement())
        }
        Ok(_) => answer(receiving.receiver.acknowledgement()),
        Err(_) => answer(refusal_reply()),
    }
}

fn with_line_break(reply: &Reply) -> Reply {
    Reply {
        body: [&reply.body[..], b"\n"].concat().into(),
        ..reply.clone()
    }
}

fn answer(reply: Reply) -> Response {
    let mut response = (reply.status, reply.body).into_response();
    if let Some(content_type) = reply.content_type {
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}
