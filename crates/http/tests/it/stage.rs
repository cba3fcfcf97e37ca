//! All rooms in a temporary directory, served on a free port of loopback.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use metrics_exporter_prometheus::PrometheusHandle;
use ringback_archive::Archive;
use ringback_deliver::{Engine, EngineOptions, Guard};
use ringback_desk::Desk;
use ringback_dialect::standard::SigningKey;
use ringback_dialect::{Outgoing, standard};
use ringback_feishu::Feishu;
use ringback_gateway::Gateway;
use ringback_host::Hosts as ProgramHosts;
use ringback_http::{Faces, Hosts, Options, Serving, serve};
use ringback_store::{MasterKey, Record, Store};
use ringback_types::{Caller, Clock, Random, Role, Secret};
use ringback_zone::Zone;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The token that lives as long as the process.
pub(crate) const PROCESS_TOKEN: &str = "stage-process-token";
pub(crate) const SIGNING_KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Status, code and hint of a problem, on one line.
    pub(crate) fn problem(&self) -> String {
        let problem = self.json();
        let text = |member: &str| problem[member].as_str().unwrap_or("-").to_owned();
        let status = self.status.as_u16();
        format!(
            "{status} {} | {} | {}",
            text("code"),
            text("message"),
            text("hint")
        )
    }
}

/// Everything, running.
pub(crate) struct Stage {
    pub(crate) faces: Faces,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    pub(crate) directory: tempfile::TempDir,
}

fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| ringback_http::metrics::install().unwrap())
        .clone()
}

fn faces() -> Options {
    Options {
        process_token: Some(Secret::from(PROCESS_TOKEN)),
        hosts: Hosts::Named(vec!["ringback.example.com".to_owned()]),
        ..Options::default()
    }
}

async fn zone(
    engine: &Engine,
    store: &Store,
    directory: &Path,
    options: ringback_zone::Options,
) -> Zone {
    let archive = Archive::load(
        store.clone(),
        Random::seeded(4),
        ringback_archive::Options::default(),
    );
    let place = directory.join("programs");
    let hosts = ProgramHosts::new(
        store.clock().clone(),
        place,
        ringback_host::Options::default(),
    );
    let archive = archive.await.unwrap();
    let zone = Zone::new(engine.clone(), Random::seeded(5), archive, hosts, options);
    zone.await.unwrap()
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(faces()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::with_zone(options, ringback_zone::Options::default()).await
    }

    /// One whose programs may run as processes.
    pub(crate) async fn with_processes() -> Self {
        let options = ringback_zone::Options {
            allow_unisolated: true,
            ..ringback_zone::Options::default()
        };
        Self::with_zone(faces(), options).await
    }

    async fn with_zone(options: Options, zone_options: ringback_zone::Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::virtual_from_now();
        let schemas = [
            ringback_deliver::records::SCHEMA,
            ringback_gateway::records::SCHEMA,
            ringback_feishu::records::SCHEMA,
            ringback_archive::SCHEMA,
            ringback_zone::records::SCHEMA,
            ringback_desk::records::SCHEMA,
            ringback_http::records::SCHEMA,
        ];
        let place = ringback_store::Options::new(directory.path());
        let metrics = Some(recorder());
        let store = Store::open(place, clock, &MasterKey::Beside, &schemas).unwrap();
        let record = Record::new(store.clone());
        let settings = EngineOptions {
            faults: true,
            ..EngineOptions::default()
        };
        let engine = Engine::start(settings, record, Guard::development(), Random::seeded(1));
        let engine = engine.await.unwrap();
        let gateway = Gateway::new(engine.clone(), ringback_gateway::Options::default());
        let gateway = gateway.await.unwrap();
        let settings = ringback_feishu::Options::default();
        let feishu = Feishu::new(engine.clone(), Random::seeded(2), settings)
            .await
            .unwrap();
        let zone = zone(&engine, &store, directory.path(), zone_options).await;
        let options = Options { metrics, ..options };
        let random = Random::seeded(3);
        let desk = Desk::new(
            engine.clone(),
            Random::seeded(6),
            ringback_desk::Options::default(),
        );
        let desk = desk.await.unwrap();
        let faces = Faces::new(engine.clone(), gateway, feishu, zone, desk, random, options);
        let faces = faces.await.unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = serve(listener, faces.router(), Serving::default(), async move {
            let _ = stopped.await;
        });
        Self {
            faces,
            engine,
            store,
            address,
            client: Client::builder(TokioExecutor::new()).build_http(),
            stop: Some(stop),
            server: tokio::spawn(served),
            directory,
        }
    }

    /// Asks the listener to stop and waits until the last connection is gone.
    pub(crate) async fn stopped(&mut self) {
        drop(self.stop.take());
        (&mut self.server).await.unwrap();
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("http://{}{path}", self.address).parse().unwrap();
        *request.headers_mut() = headers;
        let (parts, body) = self.client.request(request).await?.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.into()).unwrap();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    /// A GET with this `Host`.
    pub(crate) async fn get_as_host(&self, host: &'static str, path: &str) -> Answer {
        let mut headers = bearer(PROCESS_TOKEN);
        headers.insert(HOST, HeaderValue::from_static(host));
        self.request(Method::GET, path, headers, Bytes::new())
            .await
            .unwrap()
    }

    /// Sends JSON below `/api/v1/` with this token.
    pub(crate) async fn api_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Answer {
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let path = format!("/api/v1/{path}");
        self.request(method, &path, bearer(token), body)
            .await
            .unwrap()
    }

    pub(crate) async fn api(&self, method: Method, path: &str, body: Value) -> Answer {
        self.api_as(PROCESS_TOKEN, method, path, body).await
    }

    /// The same for what must succeed.
    pub(crate) async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.api(method, path, body).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.done(Method::POST, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.done(Method::GET, path, Value::Null).await
    }

    /// Every raw request at `hooks`, as they come.
    pub(crate) async fn watch(&self, token: &str) -> Incoming {
        let uri = format!("http://{}/api/v1/sources/hooks/requests", self.address);
        let mut request = Request::get(uri).body(Full::new(Bytes::new())).unwrap();
        *request.headers_mut() = bearer(token);
        let response = self.client.request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    /// A token with this role, as text.
    pub(crate) async fn token(&self, name: &str, role: Role) -> String {
        let caller = Caller {
            name: "tester".into(),
            role: Role::Admin,
        };
        let made = self
            .faces
            .tokens()
            .create(&caller, name, role)
            .await
            .unwrap();
        made.secret.expose_str().unwrap().to_owned()
    }

    /// Makes a `standard` source `hooks`.
    pub(crate) async fn hooks(&self) {
        self.standard_source("hooks").await;
    }

    pub(crate) async fn standard_source(&self, name: &str) {
        let secrets = json!({ "signing_key": SIGNING_KEY });
        let source = json!({ "name": name, "dialect": "standard", "secrets": secrets });
        self.post("sources", source).await;
    }

    /// Pushes a signed event to `hooks`.
    pub(crate) async fn push(
        &self,
        id: &str,
        body: &Value,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        self.push_to("hooks", None, id, body).await
    }

    /// The same to another `standard` source, and with this `Host`.
    pub(crate) async fn push_to(
        &self,
        source: &str,
        host: Option<&'static str>,
        id: &str,
        body: &Value,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let body = Bytes::from(body.to_string());
        let outgoing = Outgoing {
            event_id: id,
            event_type: "unused",
            body: &body,
            raw: None,
        };
        let key = SigningKey::parse(&Secret::from(SIGNING_KEY)).unwrap();
        let sender = standard::Sender::new(vec![key]);
        let mut signed = sender.encode(&outgoing, Clock::real().wire()).unwrap();
        if let Some(host) = host {
            signed.headers.insert(HOST, HeaderValue::from_static(host));
        }
        self.request(
            Method::POST,
            &format!("/in/{source}"),
            signed.headers,
            signed.body,
        )
        .await
    }
}

pub(crate) fn bearer(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    headers.insert(AUTHORIZATION, value);
    headers
}
