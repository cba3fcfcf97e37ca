//! A whole receiving room in a temporary directory, on a free port of loopback.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::{Extension, Router};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ringback_deliver::{Engine, EngineOptions, Guard, NewEndpoint};
use ringback_gateway::{Gateway, Options};
use ringback_store::{MasterKey, Record, Schema, Store};
use ringback_types::{Caller, Clock, Random, Role};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn read(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.into()).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A room that runs.
pub(crate) struct Stage {
    pub(crate) gateway: Gateway,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    server: JoinHandle<()>,
    directory: tempfile::TempDir,
}

impl Stage {
    /// One with the default limits and virtual time.
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let schema = ringback_gateway::records::SCHEMA;
        Self::open(directory, Clock::virtual_from_now(), options, 0, schema).await
    }

    /// One as a binary that knows only so many steps of the schema would have made it.
    pub(crate) async fn at_step(step: usize) -> Self {
        let mut schema = ringback_gateway::records::SCHEMA;
        schema.steps = &schema.steps[..step];
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::virtual_from_now();
        Self::open(directory, clock, Options::default(), 0, schema).await
    }

    async fn open(
        directory: tempfile::TempDir,
        clock: Clock,
        options: Options,
        minimum_free_bytes: u64,
        schema: Schema,
    ) -> Self {
        let schemas = [ringback_deliver::records::SCHEMA, schema];
        let mut place = ringback_store::Options::new(directory.path());
        place.minimum_free_bytes = minimum_free_bytes;
        let store = Store::open(place, clock.clone(), &MasterKey::Beside, &schemas).unwrap();
        let record = Record::new(store.clone());
        let settings = EngineOptions {
            faults: true,
            ..EngineOptions::default()
        };
        let engine = Engine::start(settings, record, Guard::development(), Random::seeded(1));
        let engine = engine.await.unwrap();
        let gateway = Gateway::new(engine.clone(), options).await.unwrap();

        let caller = Caller {
            name: "tester".into(),
            role: Role::Admin,
        };
        let api = Router::from(gateway.api()).layer(Extension(caller));
        let router = gateway.routes().merge(api);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            gateway,
            engine,
            store,
            clock,
            address,
            client: Client::builder(TokioExecutor::new()).build_http(),
            server,
            directory,
        }
    }

    /// Stops it and starts it again on the same data and the same clock.
    pub(crate) async fn restart(self) -> Self {
        self.restart_keeping_free(0).await
    }

    /// The same on a disk that has less room than the limit.
    pub(crate) async fn restart_with_low_disk(self) -> Self {
        self.restart_keeping_free(u64::MAX).await
    }

    async fn restart_keeping_free(self, minimum_free_bytes: u64) -> Self {
        let Self {
            gateway,
            engine,
            store,
            clock,
            server,
            directory,
            ..
        } = self;
        server.abort();
        // The listener is gone only once its task is.
        let _ = server.await;
        drop(gateway);
        engine.shutdown(Duration::from_secs(1)).await;
        drop(engine);
        store.close().await;
        let (options, schema) = (Options::default(), ringback_gateway::records::SCHEMA);
        Self::open(directory, clock, options, minimum_free_bytes, schema).await
    }

    pub(crate) async fn open_request(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        self.client.request(request).await.unwrap()
    }

    /// Sends something to a path.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Answer {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("http://{}{path}", self.address).parse().unwrap();
        *request.headers_mut() = headers;
        Answer::read(self.open_request(request).await).await
    }

    /// Sends a push to a source.
    pub(crate) async fn push(&self, source: &str, push: &Push) -> Answer {
        let path = format!("/in/{source}");
        self.send(Method::POST, &path, push.headers.clone(), push.body.clone())
            .await
    }

    /// Sends JSON to the management API.
    pub(crate) async fn api(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        self.send(method, &format!("/api/v1/{path}"), headers, body)
            .await
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

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.done(Method::GET, path, Value::Null).await
    }

    /// What a source has counted.
    pub(crate) async fn count(&self, source: &str, what: &str) -> u64 {
        let shown = self.get(&format!("sources/{source}")).await;
        shown["counts"][what].as_u64().unwrap()
    }

    /// The reasons of a source's refusals, oldest first.
    pub(crate) async fn reasons(&self, source: &str) -> Vec<String> {
        let shown = self.get(&format!("sources/{source}/refusals")).await;
        let refusals = shown["refusals"].as_array().unwrap().iter().rev();
        refusals
            .map(|refusal| refusal["reason"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Makes a `feishu` source with the well-known secrets.
    pub(crate) async fn feishu_source(&self, name: &str, settings: Value) {
        let secrets = json!({
            "verification_token": crate::platform::TOKEN, "encrypt_key": crate::platform::KEY,
        });
        let source =
            json!({ "name": name, "dialect": "feishu", "secrets": secrets, "settings": settings });
        self.done(Method::POST, "sources", source).await;
    }

    /// Makes an endpoint that takes what its settings say.
    pub(crate) async fn endpoint(&self, new: Value) {
        let new: NewEndpoint = serde_json::from_value(new).unwrap();
        self.engine.endpoints().create("tester", new).await.unwrap();
    }

    /// How many events are on the disk.
    pub(crate) async fn stored(&self) -> usize {
        let query = ringback_store::record::Query {
            limit: 1000,
            ..Default::default()
        };
        self.engine
            .record()
            .search(query)
            .await
            .unwrap()
            .entries
            .len()
    }
}

/// A request as a platform makes it.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}
