//! A zone on real sockets, with a corp, an app and a program that may be put anywhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ringback_archive::Archive;
use ringback_deliver::{Engine, EngineOptions, Guard};
use ringback_host::Hosts;
use ringback_store::record::Delivery;
use ringback_store::{MasterKey, Record, Store};
use ringback_types::{Clock, DeliveryId, Random};
use ringback_zone::{
    AbilityInput, App, AppKind, Host, Install, NewApp, NewCorp, Options, ProgramInput, ProgramKind,
    Settings, Zone,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::program::Running;

pub(crate) const CORP: &str = "wwcorp";
pub(crate) const PROGRAM: &str = "progA";

/// Everything, running.
pub(crate) struct Stage {
    pub(crate) zone: Zone,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    client: Client<HttpConnector, Full<Bytes>>,
    pub(crate) directory: Arc<tempfile::TempDir>,
}

/// An ability of these samples.
pub(crate) fn ability(id: &str, input: &str, output: &str) -> AbilityInput {
    AbilityInput {
        id: id.to_owned(),
        name: String::new(),
        input: input.to_owned(),
        output: output.to_owned(),
        strict: false,
    }
}

/// A program of these abilities.
pub(crate) fn program(program_id: &str, abilities: Vec<AbilityInput>) -> ProgramInput {
    ProgramInput {
        program_id: Some(program_id.to_owned()),
        name: program_id.to_owned(),
        abilities,
        ..ProgramInput::default()
    }
}

/// What most programs of these tests can do.
pub(crate) fn abilities() -> Vec<AbilityInput> {
    vec![
        ability(
            "echo",
            r#"{"text":"","list":[{"n":1}],"any":{}}"#,
            r#"{"echo":{},"instance":""}"#,
        ),
        ability("late", r#"{"text":""}"#, r#"{"text":""}"#),
        ability(
            "get_callback_data",
            "{}",
            r#"{"errcode":0,"errmsg":"","event_type":"","timestamp":0,"conversation_new_message":{"token":""},"hit_keyword":{"token":""},"chat_archive_audit_approved":{"userid":"","external_userid":"","chatid":""}}"#,
        ),
        ability(
            "invoke_sync_msg",
            r#"{"cursor":"","limit":0,"token":"","mode":0}"#,
            include_str!("sync_msg.json"),
        ),
        ability(
            "task",
            r#"{"prompt":"{chat}","texts":"{chatcontent}"}"#,
            r#"{"result":"","lines":1}"#,
        ),
    ]
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        Self::over(directory, options).await
    }

    /// The same over a directory that may hold the work of an earlier one.
    pub(crate) async fn over(directory: Arc<tempfile::TempDir>, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clock = Clock::virtual_from_now();
        let schemas = [
            ringback_deliver::records::SCHEMA,
            ringback_archive::SCHEMA,
            ringback_zone::records::SCHEMA,
        ];
        let place = ringback_store::Options::new(directory.path());
        let store = Store::open(place, clock.clone(), &MasterKey::Beside, &schemas).unwrap();
        let record = Record::new(store.clone());
        let settings = EngineOptions {
            faults: true,
            ..EngineOptions::default()
        };
        let random = Random::system();
        let engine = Engine::start(settings, record, Guard::development(), random.clone());
        let engine = engine.await.unwrap();
        let archive = Archive::load(
            store.clone(),
            random.clone(),
            ringback_archive::Options::default(),
        );
        let archive = archive.await.unwrap();
        let programs = directory.path().join("programs");
        let hosts = Hosts::new(clock, programs, ringback_host::Options::default());
        let options = Options {
            zone_url: format!("http://{address}"),
            approve_at_once: true,
            ..options
        };
        let zone = Zone::new(engine.clone(), random, archive, hosts, options)
            .await
            .unwrap();
        serve(listener, zone.routes());
        let app = with_app(&zone).await;
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            zone,
            engine,
            store,
            address,
            app,
            directory,
        }
    }

    /// Stops everything as a power cut would find it, and starts anew over the same directory.
    pub(crate) async fn restarted(self) -> Self {
        let directory = Arc::clone(&self.directory);
        self.engine.shutdown(Duration::from_secs(5)).await;
        self.store.close().await;
        drop(self);
        Self::over(directory, Options::default()).await
    }

    /// A deployed program of this id, known to the app, with its instances at these addresses.
    pub(crate) async fn deployed(&self, input: ProgramInput, urls: &[String]) {
        let program_id = input.program_id.clone().unwrap();
        self.zone.put_program("ada", input).await.unwrap();
        self.zone.submit_program("ada", &program_id).await.unwrap();
        let urls = urls.iter().map(|url| url.parse().unwrap()).collect();
        let host = Some(Host::Url { urls });
        self.zone.deploy("ada", &program_id, host).await.unwrap();
        self.associate(&program_id).await;
    }

    pub(crate) async fn associate(&self, program_id: &str) {
        let (corpid, agentid) = (&self.app.corpid, self.app.agentid);
        self.zone
            .associate("ada", corpid, agentid, program_id)
            .await
            .unwrap();
    }

    /// The usual program, running with the SDK and this handler.
    pub(crate) async fn with_program(&self, running: Running) -> Running {
        self.deployed(program(PROGRAM, abilities()), &[running.url()])
            .await;
        running.credentials(&self.zone, PROGRAM, 1).await;
        running
    }

    /// GET or POST, with whatever came back.
    pub(crate) async fn fetch(&self, path: &str, body: Option<&str>) -> (u16, String) {
        let mut request = http::Request::builder().uri(format!("http://{}{path}", self.address));
        if body.is_some() {
            request = request.method("POST");
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default().to_owned()));
        let answer = self
            .client
            .request(request.body(body).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A token of an app.
    pub(crate) async fn token_of(&self, app: &App) -> String {
        let secret = app.secret.expose_str().unwrap();
        let path = format!(
            "/cgi-bin/gettoken?corpid={}&corpsecret={secret}",
            app.corpid
        );
        let (_, answer) = self.fetch(&path, None).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// The raw answer to an app's call.
    pub(crate) async fn raw(&self, api: &str, body: &str) -> String {
        let token = self.token_of(&self.app).await;
        let path = format!("/cgi-bin/chatdata/{api}?access_token={token}");
        let (status, answer) = self.fetch(&path, Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The answer to an app's call.
    pub(crate) async fn api(&self, api: &str, body: Value) -> Value {
        serde_json::from_str(&self.raw(api, &body.to_string()).await).unwrap()
    }

    pub(crate) async fn call(&self, ability_id: &str, data: Value) -> Value {
        self.call_of(PROGRAM, ability_id, "", data).await
    }

    pub(crate) async fn call_of(
        &self,
        program_id: &str,
        ability_id: &str,
        notify_id: &str,
        data: Value,
    ) -> Value {
        let mut body = json!({
            "program_id": program_id, "ability_id": ability_id, "request_data": data.to_string(),
        });
        if !notify_id.is_empty() {
            body["notify_id"] = notify_id.into();
        }
        self.api("sync_call_program", body).await
    }

    pub(crate) async fn delivery(&self, id: DeliveryId) -> Delivery {
        let found = self.engine.record().delivery(id).await.unwrap();
        found.unwrap()
    }

    /// Moves the clock, and waits until what was due is done.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.engine
            .advance(Duration::from_secs(seconds))
            .await
            .unwrap();
    }
}

/// The parsed `response_data` of a call that worked.
pub(crate) fn data(answer: &Value) -> Value {
    assert_eq!(answer["errcode"], 0, "{answer}");
    serde_json::from_str(answer["response_data"].as_str().unwrap()).unwrap()
}

pub(crate) fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}

async fn with_app(zone: &Zone) -> Arc<App> {
    if let Some(app) = zone.apps().into_iter().next() {
        return app;
    }
    let corp = NewCorp {
        corpid: Some(CORP.to_owned()),
        test: true,
        ..NewCorp::default()
    };
    zone.create_corp("ada", corp).await.unwrap();
    another_app(zone).await
}

/// One more app of the corp.
pub(crate) async fn another_app(zone: &Zone) -> Arc<App> {
    let app = NewApp {
        corpid: CORP.to_owned(),
        kind: AppKind::ThirdParty,
        install: Install::Test,
        zone_permission: true,
        ..NewApp::default()
    };
    zone.create_app("ada", app).await.unwrap()
}

/// A model of one ability.
pub(crate) fn model(program_id: &str, ability: AbilityInput) -> ProgramInput {
    ProgramInput {
        kind: ProgramKind::Model,
        ..program(program_id, vec![ability])
    }
}

/// Settings with this deadline for synchronous calls.
pub(crate) fn quick(call_deadline_ms: u64) -> Settings {
    Settings {
        call_deadline_ms,
        acknowledge_deadline_ms: call_deadline_ms,
        ..Settings::default()
    }
}
