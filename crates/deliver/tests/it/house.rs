//! What every test needs: an engine on a fresh store, and receivers that do as they are told.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use ringback_deliver::{
    Arrival, Endpoint, EndpointDialect, Engine, EngineOptions, Guard, NewEndpoint, PolicyChange,
    Receipt, records,
};
use ringback_store::record::{Delivery, Record};
use ringback_store::{MasterKey, Options, Schema, Store};
use ringback_types::{Clock, DeliveryId, Random, RecordId as _, Secret, SourceId};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) const SIGNING_KEY: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
pub(crate) const ENCRYPT_KEY: &str = "an encrypt key";
pub(crate) const TOKEN: &str = "a verification token";

/// An event as the record keeps it: its token blanked.
const BODY: &[u8] = br#"{"schema":"2.0","header":{"event_id":"f7984f25108f8137722bb63cee927e66","event_type":"im.message.receive_v1","create_time":"1700000000000","token":"","app_id":"cli_a1b2c3d4e5f60718","tenant_key":"t"},"event":{"message":{"message_id":"om_1"}}}"#;

pub(crate) fn source() -> SourceId {
    SourceId::from_raw(7)
}

/// An engine on a store in a directory of its own.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) directory: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(EngineOptions {
            faults: true,
            ..EngineOptions::default()
        })
        .await
    }

    pub(crate) async fn with(options: EngineOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::virtual_from_now();
        Self::in_directory(directory, clock, options, records::SCHEMA).await
    }

    /// As a binary that knows only so many steps of the schema would have left it.
    pub(crate) async fn at_step(step: usize) -> Self {
        let schema = Schema {
            steps: &records::SCHEMA.steps[..step],
            ..records::SCHEMA
        };
        let clock = Clock::virtual_from_now();
        let options = EngineOptions::default();
        Self::in_directory(tempfile::tempdir().unwrap(), clock, options, schema).await
    }

    async fn in_directory(
        directory: TempDir,
        clock: Clock,
        options: EngineOptions,
        schema: Schema,
    ) -> Self {
        let store = Store::open(
            Options::new(directory.path()),
            clock.clone(),
            &MasterKey::Beside,
            &[schema],
        )
        .unwrap();
        let record = Record::new(store.clone());
        let engine = Engine::start(options, record, Guard::development(), Random::seeded(7))
            .await
            .unwrap();
        Self {
            engine,
            store,
            clock,
            directory,
        }
    }

    /// The process ends without waiting for what is under way, and starts again.
    pub(crate) async fn restarted(self) -> Self {
        self.engine.shutdown(Duration::ZERO).await;
        self.store.close().await;
        let Self {
            directory, clock, ..
        } = self;
        let options = EngineOptions::default();
        Self::in_directory(directory, clock, options, records::SCHEMA).await
    }

    pub(crate) async fn endpoint(&self, new: NewEndpoint) -> Arc<Endpoint> {
        self.engine.endpoints().create("test", new).await.unwrap()
    }

    pub(crate) async fn accept(&self, arrival: Arrival) -> Receipt {
        self.engine.accept(arrival).await.unwrap()
    }

    /// Accepts and waits until everything that can happen now has happened.
    pub(crate) async fn deliver(&self, arrival: Arrival) -> Receipt {
        let receipt = self.accept(arrival).await;
        self.engine.quiet().await;
        receipt
    }

    pub(crate) async fn advance(&self, seconds: u64) -> u64 {
        self.engine
            .advance(Duration::from_secs(seconds))
            .await
            .unwrap()
            .attempts
    }

    pub(crate) async fn delivery(&self, id: DeliveryId) -> Delivery {
        self.engine.record().delivery(id).await.unwrap().unwrap()
    }

    /// State and attempts of a delivery as a person would read them; times are seconds since it was
    /// made.
    pub(crate) async fn story(&self, id: DeliveryId) -> String {
        let delivery = self.delivery(id).await;
        let mut story = delivery.state.as_str().to_owned();
        if let Some(reason) = &delivery.reason {
            write!(story, " ({reason})").unwrap();
        }
        for attempt in self.engine.record().attempts(id).await.unwrap() {
            let at = attempt.started_at.since(id.made_at()).as_secs();
            write!(story, "\n{} at {at} s: ", attempt.number).unwrap();
            match (attempt.status, attempt.failure) {
                (Some(status), None) => write!(story, "{status}"),
                (Some(status), Some(failure)) => write!(story, "{status} {failure}"),
                (None, failure) => write!(story, "{}", failure.unwrap_or_default()),
            }
            .unwrap();
        }
        story
    }
}

/// An event of this type with a JSON body.
pub(crate) fn arrival(event_type: &str) -> Arrival {
    Arrival {
        source: source(),
        event_type: event_type.to_owned(),
        app: Some("cli_a1b2c3d4e5f60718".to_owned()),
        dedupe_key: None,
        order_key: None,
        headers: None,
        body: Bytes::from_static(BODY),
        raw: None,
        id: None,
        alongside: Vec::new(),
    }
}

pub(crate) fn ordered(key: &str) -> Arrival {
    Arrival {
        order_key: Some(key.to_owned()),
        ..arrival("approval_instance")
    }
}

/// A `standard` endpoint at this URL.
pub(crate) fn standard(name: &str, url: &str) -> NewEndpoint {
    NewEndpoint {
        name: name.to_owned(),
        url: url.to_owned(),
        dialect: EndpointDialect::Standard,
        sources: Vec::new(),
        types: Vec::new(),
        routed: true,
        policy: PolicyChange {
            jitter_percent: Some(0),
            ..PolicyChange::default()
        },
        key: Some(Secret::from(SIGNING_KEY)),
        token: None,
    }
}

/// A `feishu` endpoint at this URL, encrypted and signed.
pub(crate) fn feishu(name: &str, url: &str) -> NewEndpoint {
    NewEndpoint {
        dialect: EndpointDialect::Feishu,
        key: Some(Secret::from(ENCRYPT_KEY)),
        token: Some(Secret::from(TOKEN)),
        ..standard(name, url)
    }
}

/// How a receiver answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Status(u16),
    With(u16, Vec<(&'static str, String)>, Bytes),
    /// Never.
    Hang,
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A server that answers as its script says, then as usual, and remembers what arrived.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    script: Mutex<VecDeque<Reply>>,
    usual: Mutex<Reply>,
    got: watch::Sender<Vec<Got>>,
}

impl Receiver {
    pub(crate) async fn new(usual: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            script: Mutex::default(),
            usual: Mutex::new(usual),
            got: watch::Sender::default(),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers so once, after what has been said before.
    pub(crate) fn then(&self, reply: Reply) -> &Self {
        self.inner.script.lock().unwrap().push_back(reply);
        self
    }

    /// Answers so from now on.
    pub(crate) fn usually(&self, reply: Reply) {
        *self.inner.usual.lock().unwrap() = reply;
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.inner.got.borrow().clone()
    }

    /// Waits until so many requests have arrived.
    pub(crate) async fn seen(&self, count: usize) {
        let mut got = self.inner.got.subscribe();
        got.wait_for(|got| got.len() >= count).await.unwrap();
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let got = Got {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body,
    };
    let scripted = inner.script.lock().unwrap().pop_front();
    let reply = scripted.unwrap_or_else(|| inner.usual.lock().unwrap().clone());
    inner.got.send_modify(|all| all.push(got));
    let (status, headers, body) = match reply {
        Reply::Status(status) => (status, Vec::new(), Bytes::new()),
        Reply::With(status, headers, body) => (status, headers, body),
        Reply::Hang => std::future::pending().await,
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

/// A server that reads one request from each connection and then does with the stream what it is told.
pub(crate) async fn raw_server<F, Fut>(after_request: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_request(&mut stream).await;
            tokio::spawn(after_request(stream));
        }
    });
    address
}

/// Reads a head and a body of the length it names.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        read.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&read).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    let _ = stream.read_exact(&mut body).await;
}
