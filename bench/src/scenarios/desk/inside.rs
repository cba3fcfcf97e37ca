//! The platform half inside this process, so that a call is measured without the way to it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use axum::body::Body;
use axum::http::Request;
use axum::{Extension, Router};
use http_body_util::BodyExt as _;
use ringback_deliver::{Call, Engine, EngineOptions, Guard};
use ringback_desk::{Desk, Options};
use ringback_dialect::desk::{Command, body, read_invocation_answer};
use ringback_store::{MasterKey, Record, Store};
use ringback_types::{Caller, Clock, Deadline, EndpointId, Random, RecordId as _, Role, SourceId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::room;
use crate::scenarios::scratch;

/// A platform half with a store of its own, on a directory that goes away with it.
pub(super) struct Inside {
    pub(super) router: Router,
    engine: Engine,
    store: Store,
    directory: TempDir,
}

impl Inside {
    /// With this app.
    pub(super) async fn open(app: &Value) -> Result<Self> {
        let directory = tempfile::tempdir_in(scratch()?)?;
        let schemas = [
            ringback_deliver::records::SCHEMA,
            ringback_desk::records::SCHEMA,
        ];
        let place = ringback_store::Options::new(directory.path());
        let store = Store::open(place, Clock::real(), &MasterKey::Beside, &schemas)?;
        let record = Record::new(store.clone());
        let (options, guard) = (EngineOptions::default(), Guard::development());
        let engine = Engine::start(options, record, guard, Random::system()).await?;
        let desk = Desk::new(engine.clone(), Random::system(), Options::default()).await?;
        let caller = Caller {
            name: "bench".into(),
            role: Role::Admin,
        };
        let router = Router::from(desk.api()).layer(Extension(caller));
        post(router.clone(), "/api/v1/desk/apps".to_owned(), app).await?;
        Ok(Self {
            router,
            engine,
            store,
            directory,
        })
    }

    pub(super) async fn publish(&self, app: &str, flow: &Value) -> Result<()> {
        let path = format!("/api/v1/desk/apps/{app}/flows?publish=true");
        post(self.router.clone(), path, flow).await?;
        Ok(())
    }

    pub(super) fn database(&self) -> PathBuf {
        self.directory.path().join("ringback.db")
    }

    pub(super) async fn close(self) {
        self.store.close().await;
    }
}

/// Asks the routes themselves: no socket, no management token.
async fn post(router: Router, path: String, body: &Value) -> Result<Value> {
    let request = Request::post(path).body(Body::from(body.to_string()))?;
    let response = router.oneshot(request).await.context("a response")?;
    let status = response.status();
    let bytes = response.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        bail!("{status} {}", String::from_utf8_lossy(&bytes));
    }
    Ok(serde_json::from_slice(&bytes)?)
}

/// Calls the node of this path through the routes; it must be answered.
pub(super) async fn call(router: Router, path: String) -> Result<()> {
    let seen = post(router, path, &json!({})).await?;
    ensure!(seen["failure"].is_null(), "a call failed: {seen}");
    Ok(())
}

/// The call of a node as the room gives it to the engine.
#[derive(Clone)]
pub(super) struct Node {
    engine: Engine,
    source: SourceId,
    endpoint: EndpointId,
    app: Option<String>,
    headers: Option<String>,
}

impl Node {
    /// The node that was called last, as the log has it.
    pub(super) fn last_called(inside: &Inside) -> Result<Self> {
        let connection = rusqlite::Connection::open(inside.database())?;
        let sql =
            "SELECT source, endpoint, app, headers FROM event JOIN delivery ON event = event.id
                   ORDER BY event.id DESC LIMIT 1";
        let node = connection.query_row(sql, [], |row| {
            Ok(Self {
                engine: inside.engine.clone(),
                source: SourceId::from_raw(row.get(0)?),
                endpoint: EndpointId::from_raw(row.get(1)?),
                app: row.get(2)?,
                headers: row.get(3)?,
            })
        });
        Ok(node?)
    }

    /// Writes the body, calls, and reads the answer, as a run does.
    pub(super) async fn call(self) -> Result<()> {
        let body = body::InterfaceInvocation {
            values: &room::VALUES,
            event_time: self.engine.clock().wire(),
        };
        let call = Call {
            source: self.source,
            event_type: Command::InterfaceInvocation.as_str().to_owned(),
            app: self.app,
            headers: self.headers,
            body: body.to_bytes(),
            raw: None,
            endpoint: self.endpoint,
            deadline: Deadline::after(Duration::from_mins(1)),
            permit: None,
        };
        let outcome = self.engine.call(call).await;
        let answer = outcome
            .result
            .map_err(|error| anyhow!("{}", error.detail))?;
        let answer = read_invocation_answer(&answer)?;
        ensure!(answer.values.len() == 2, "another answer");
        Ok(())
    }
}
