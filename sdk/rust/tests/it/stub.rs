//! A zone on loopback: seals requests to a program and plays `/zone/invoke/*` and `/zone/open`.

use std::collections::HashSet;
use std::fs::Permissions;
use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path as UrlPath, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::post;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ringback_dialect::zone::{
    CallType, Credentials, Flow, Head, InvokeFrame, KeyRing, Keys, Message, OPEN_TARGET, OpenFrame,
    OpenedFrame, Outcome, PROGRAM_TARGET, RequestFrame, Sealed, Version, header, open, seal,
    unsigned_refusal,
};
use ringback_types::{Clock, Random, Secret, WireTime};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const KEY_ID: &str = "prog-stub/1";
pub(crate) const DEBUG_KEY_ID: &str = "prog-stub/dbg-7";
/// A request id in its form that no request has.
pub(crate) const OTHER_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A call of an SDK API, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Invoked {
    pub(crate) api: String,
    pub(crate) frame: InvokeFrame,
    pub(crate) key_id: String,
    pub(crate) version: u32,
    pub(crate) peer: SocketAddr,
}

/// What the stub does with a call.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Answers with this text.
    Text(String),
    /// Refuses with this code, sealed.
    Refuse(i32),
    /// Refuses with this code, without a signature.
    RefuseUnsigned(i32),
    /// Answers with this status.
    Status(u16),
    /// Names this request id in a good answer.
    Naming(&'static str),
    /// Answers as if another API had been called.
    AsApi(&'static str),
    /// Changes one byte of the body after it was signed.
    Tampered,
    /// Lets the caller wait for ever.
    Never,
}

type Playing = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Play = Arc<dyn Fn(Invoked) -> Playing + Send + Sync>;

#[derive(Clone)]
struct Memory {
    clock: Clock,
    /// The program's rings; an instance and perhaps a debug session.
    rings: Arc<Mutex<Vec<Arc<KeyRing>>>>,
    play: Play,
    invoked: Arc<Mutex<Vec<Invoked>>>,
    /// Every byte that came in, for what must not be in it.
    wire: Arc<Mutex<Vec<u8>>>,
    debug: Arc<Mutex<Option<Debug>>>,
}

#[derive(Clone)]
struct Debug {
    token: String,
    access_token: String,
    expires_at: i64,
}

/// A stub that runs until it is dropped.
pub(crate) struct Stub {
    pub(crate) url: String,
    memory: Memory,
    task: JoinHandle<()>,
    directory: tempfile::TempDir,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The secret of a version, the same in every test.
pub(crate) fn secret(version: u32) -> Secret {
    let byte = u8::try_from(version).unwrap();
    Secret::from(vec![byte; 32])
}

pub(crate) fn ring(key_id: &str, versions: &[u32]) -> Arc<KeyRing> {
    let keys = |version: &u32| (*version, Keys::new(&secret(*version)));
    Arc::new(KeyRing::new(key_id, versions.iter().map(keys)))
}

/// A call of the app that most tests have.
pub(crate) fn call(ability_id: &str, data: &str) -> RequestFrame {
    RequestFrame {
        corpid: "wwstub".to_owned(),
        agentid: 1_000_001,
        call_type: CallType::Call,
        data: data.to_owned(),
        is_async: false,
        job_info: String::new(),
        ability_id: ability_id.to_owned(),
        notify_id: String::new(),
    }
}

impl Stub {
    /// One that answers every call with `{"errcode":0,"errmsg":"ok"}`.
    pub(crate) async fn new() -> Self {
        Self::answering(|_| Answer::Text(r#"{"errcode":0,"errmsg":"ok"}"#.to_owned())).await
    }

    pub(crate) async fn answering(
        answer: impl Fn(&Invoked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let play = move |invoked: Invoked| {
            let answer = answer(&invoked);
            Box::pin(async move { answer }) as Playing
        };
        Self::playing(Clock::real(), play).await
    }

    pub(crate) async fn playing(
        clock: Clock,
        play: impl Fn(Invoked) -> Playing + Send + Sync + 'static,
    ) -> Self {
        let memory = Memory {
            clock,
            rings: Arc::new(Mutex::new(vec![ring(KEY_ID, &[1])])),
            play: Arc::new(play),
            invoked: Arc::default(),
            wire: Arc::default(),
            debug: Arc::default(),
        };
        let router = Router::new()
            .route("/zone/invoke/{api}", post(invoke))
            .route("/zone/open", post(open_debug))
            .with_state(memory.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let stub = Self {
            url: format!("http://{address}"),
            memory,
            task,
            directory: tempfile::tempdir().unwrap(),
        };
        stub.write_credentials(&[1]);
        stub
    }

    /// The credentials file of the program.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.directory.path().join("credentials.json")
    }

    /// Replaces the credentials file, as the host does.
    pub(crate) fn write_credentials(&self, versions: &[u32]) {
        let credentials = Credentials {
            zone_url: format!("{}/", self.url),
            key_id: KEY_ID.to_owned(),
            versions: versions
                .iter()
                .map(|version| Version {
                    version: *version,
                    secret: secret(*version),
                })
                .collect(),
        };
        replace(
            &self.credentials(),
            &serde_json::to_vec(&credentials).unwrap(),
            0o400,
        );
    }

    /// The versions that the zone takes from now on.
    pub(crate) fn take_versions(&self, versions: &[u32]) {
        *self.memory.rings.lock().unwrap() = vec![ring(KEY_ID, versions)];
    }

    /// Lets debug mode be opened with these tokens.
    pub(crate) fn allow_debug(&self, token: &str, access_token: &str, expires_at: i64) {
        *self.memory.debug.lock().unwrap() = Some(Debug {
            token: token.to_owned(),
            access_token: access_token.to_owned(),
            expires_at,
        });
        let session = ring(DEBUG_KEY_ID, &[9]);
        self.memory.rings.lock().unwrap().push(session);
    }

    /// The calls since this was asked last.
    pub(crate) fn invoked(&self) -> Vec<Invoked> {
        std::mem::take(&mut *self.memory.invoked.lock().unwrap())
    }

    /// Every body that came, and every header value.
    pub(crate) fn wire(&self) -> Vec<u8> {
        self.memory.wire.lock().unwrap().clone()
    }

    /// A request for the program, sealed now with the lowest version there is.
    pub(crate) fn request(&self, frame: &RequestFrame) -> Sealed {
        let now = self.memory.clock.wire();
        self.request_at(frame, KEY_ID, now)
    }

    pub(crate) fn request_at(&self, frame: &RequestFrame, key_id: &str, now: WireTime) -> Sealed {
        let rings = self.memory.rings.lock().unwrap();
        let ring = rings.iter().find(|ring| ring.key_id() == key_id).unwrap();
        request(ring, frame, now)
    }

    /// Whether a program's reply is one to this request: its outcome and plaintext.
    pub(crate) fn read_reply(
        &self,
        request: &Sealed,
        headers: &HeaderMap,
        body: &[u8],
    ) -> (Outcome, String) {
        let head = Head::read(headers, Flow::Reply, self.memory.clock.wire()).unwrap();
        assert_eq!(
            Some(head.request_id.as_str()),
            request.headers[header::REQUEST_ID].to_str().ok()
        );
        let rings = self.memory.rings.lock().unwrap();
        let ring = rings.iter().find(|ring| ring.key_id() == head.key_id);
        let keys = ring.unwrap().of(head.version).unwrap();
        let text = open(keys, Flow::Reply, PROGRAM_TARGET, &head, body).unwrap();
        (head.outcome.unwrap(), String::from_utf8(text).unwrap())
    }

    /// Posts a request to a running program and reads its reply.
    pub(crate) async fn ask(&self, program: &str, frame: &RequestFrame) -> (Outcome, String) {
        let request = self.request(frame);
        let (status, headers, body) = send(program, &request.headers, request.body.clone()).await;
        assert_eq!(status, StatusCode::OK);
        self.read_reply(&request, &headers, &body)
    }
}

/// A request sealed with the lowest version of a ring.
pub(crate) fn request(ring: &KeyRing, frame: &RequestFrame, now: WireTime) -> Sealed {
    let message = Message {
        flow: Flow::Request,
        target: PROGRAM_TARGET,
        key_id: ring.key_id(),
        version: ring.used(),
        request_id: &fresh_id(),
        outcome: None,
        plaintext: &serde_json::to_vec(frame).unwrap(),
    };
    let keys = ring.of(ring.used()).unwrap();
    seal(keys, &message, now, nonce())
}

fn nonce() -> [u8; 16] {
    Random::system().secret()
}

fn fresh_id() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(nonce())
}

/// Writes a file beside and moves it to its place.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap()).unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    let permissions = Permissions::from_mode(mode);
    file.as_file().set_permissions(permissions).unwrap();
    file.persist(path).unwrap();
}

/// A POST over real HTTP.
pub(crate) async fn send(
    url: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, Bytes) {
    let mut request = Request::post(url).body(Full::new(body)).unwrap();
    *request.headers_mut() = headers.clone();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let (head, body) = response.into_parts();
    (
        head.status,
        head.headers,
        body.collect().await.unwrap().to_bytes(),
    )
}

async fn invoke(
    State(memory): State<Memory>,
    UrlPath(api): UrlPath<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    remember(&memory, &headers, &body);
    let head = Head::read(&headers, Flow::Invoke, memory.clock.wire()).unwrap();
    let ring = ring_of(&memory, &head.key_id);
    let Some((ring, keys)) = ring
        .as_ref()
        .and_then(|ring| Some((ring, ring.of(head.version)?)))
    else {
        return respond(unsigned_refusal());
    };
    let frame = open(keys, Flow::Invoke, &api, &head, &body).unwrap();
    let invoked = Invoked {
        frame: serde_json::from_slice(&frame).unwrap(),
        key_id: head.key_id.clone(),
        version: head.version,
        api: api.clone(),
        peer,
    };
    memory.invoked.lock().unwrap().push(invoked.clone());
    let answer = (memory.play)(invoked).await;
    let reply = |target: &str, request_id: &str, outcome, text: &str| {
        let message = Message {
            flow: Flow::InvokeReply,
            target,
            key_id: ring.key_id(),
            version: head.version,
            request_id,
            outcome: Some(outcome),
            plaintext: text.as_bytes(),
        };
        seal(keys, &message, memory.clock.wire(), nonce())
    };
    let id = head.request_id.as_str();
    let ok = |target: &str, id: &str| reply(target, id, Outcome::Ok, "{}");
    match answer {
        Answer::Text(text) => respond(reply(&api, id, Outcome::Ok, &text)),
        Answer::Refuse(code) => respond(refusing(reply(&api, id, Outcome::Error, ""), code)),
        Answer::RefuseUnsigned(code) => respond(refusing(unsigned_refusal(), code)),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Naming(id) => respond(ok(&api, id)),
        Answer::AsApi(api) => respond(ok(api, id)),
        Answer::Tampered => {
            let mut sealed = ok(&api, id);
            let body = String::from_utf8(sealed.body.to_vec()).unwrap();
            sealed.body = body.replacen(r#""}"#, r#"" }"#, 1).into();
            respond(sealed)
        }
        Answer::Never => std::future::pending().await,
    }
}

async fn open_debug(
    State(memory): State<Memory>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    remember(&memory, &headers, &body);
    let now = memory.clock.wire();
    let head = Head::read(&headers, Flow::Open, now).unwrap();
    let debug = memory.debug.lock().unwrap().clone();
    let named = |debug: &Debug| debug.token.split('_').nth(1) == Some(head.key_id.as_str());
    let Some(debug) = debug.filter(named) else {
        return respond(unsigned_refusal());
    };
    let keys = Keys::new(&Secret::from(debug.token.as_str()));
    let frame = open(&keys, Flow::Open, OPEN_TARGET, &head, &body).unwrap();
    let frame: OpenFrame = serde_json::from_slice(&frame).unwrap();
    let good = frame.access_token.matches(debug.access_token.as_bytes());
    let opened = serde_json::to_vec(&OpenedFrame {
        key_id: DEBUG_KEY_ID.to_owned(),
        secret: secret(9),
        version: 9,
        expires_at: debug.expires_at,
    });
    let message = Message {
        flow: Flow::OpenReply,
        target: OPEN_TARGET,
        key_id: &head.key_id,
        version: head.version,
        request_id: &head.request_id,
        outcome: Some(if good { Outcome::Ok } else { Outcome::Error }),
        plaintext: if good {
            opened.as_deref().unwrap()
        } else {
            b""
        },
    };
    let sealed = seal(&keys, &message, now, nonce());
    respond(if good {
        sealed
    } else {
        refusing(sealed, -10008)
    })
}

fn remember(memory: &Memory, headers: &HeaderMap, body: &[u8]) {
    let mut wire = memory.wire.lock().unwrap();
    for value in headers.values() {
        wire.extend_from_slice(value.as_bytes());
    }
    wire.extend_from_slice(body);
}

fn ring_of(memory: &Memory, key_id: &str) -> Option<Arc<KeyRing>> {
    let rings = memory.rings.lock().unwrap();
    rings.iter().find(|ring| ring.key_id() == key_id).cloned()
}

fn refusing(mut sealed: Sealed, code: i32) -> Sealed {
    sealed.headers.insert(header::REFUSAL, code.into());
    sealed
}

fn respond(sealed: Sealed) -> Response<Body> {
    let mut response = Response::new(Body::from(sealed.body));
    *response.headers_mut() = sealed.headers;
    response
}

/// The names of a map in capitals, as many servers hand them over.
pub(crate) fn capitalised(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| {
            let name = name.as_str().to_uppercase();
            (name, value.to_str().unwrap().to_owned())
        })
        .collect()
}

/// A copy with one header changed.
pub(crate) fn with(headers: &HeaderMap, name: HeaderName, value: &str) -> HeaderMap {
    let mut changed = headers.clone();
    changed.insert(name, HeaderValue::from_str(value).unwrap());
    changed
}

/// How many different connections these calls came over.
pub(crate) fn connections(invoked: &[Invoked]) -> usize {
    let peers: HashSet<_> = invoked.iter().map(|one| one.peer).collect();
    peers.len()
}
