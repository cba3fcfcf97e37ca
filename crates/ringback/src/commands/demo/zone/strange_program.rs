//! A program that breaks what it promised, written with the SDK in this very process.

use std::convert::Infallible;
use std::future::ready;
use std::io::Write as _;

use ringback_zone_sdk::{Request, Settings, Zone as Sdk};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::check::in_time;
use super::Scene;
use crate::failure::Failure;

/// Its id in the zone.
pub(super) const PROGRAM_ID: &str = "progDemoStrange";
/// Its one ability: `{"question":…}` in, `{"answer":…}` out, as it says.
pub(super) const ABILITY: &str = "answer";

/// It runs as long as the process.
pub(super) struct StrangeProgram {
    jobs: UnboundedReceiver<String>,
    _credentials: NamedTempFile,
}

impl StrangeProgram {
    /// Registers it, deploys it where it listens, and lets the app use it.
    pub(super) async fn deployed(scene: &Scene) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(Failure::internal)?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let program = json!({
            "program_id": PROGRAM_ID,
            "name": "A program that says more than it may",
            "host": { "kind": "url", "urls": [format!("http://{address}/")] },
            "abilities": [{
                "id": ABILITY, "input": r#"{"question":""}"#, "output": r#"{"answer":""}"#,
            }],
        });
        scene.put("wecom/programs", program).await?;
        for step in ["submit", "deploy"] {
            let path = format!("wecom/programs/{PROGRAM_ID}/{step}");
            scene.post(&path, json!({})).await?;
        }
        let association = scene.zone.app_path(&format!("/programs/{PROGRAM_ID}"));
        scene.put(&association, Value::Null).await?;

        let credentials = credentials(scene, PROGRAM_ID).await?;
        let (sender, jobs) = unbounded_channel();
        let handler = move |request| ready(Ok::<_, Infallible>(answer(&sender, request)));
        let routes = sdk(&credentials)?.router(handler);
        tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        Ok(Self {
            jobs,
            _credentials: credentials,
        })
    }

    /// The `job_info` of the next async call that it takes, and never reports.
    pub(super) async fn job_info(&mut self) -> Result<String, Failure> {
        in_time("an async call", self.jobs.recv()).await
    }
}

/// What it answers is not what it said it would.
fn answer(jobs: &UnboundedSender<String>, request: Request) -> String {
    if request.is_async {
        drop(jobs.send(request.job_info));
        return "{}".to_owned();
    }
    let asked: Value = serde_json::from_str(&request.data).unwrap_or_default();
    json!({ "answer": "two years", "asked": asked }).to_string()
}

/// The credentials file of a program's first instance, as whoever deploys it gets it.
pub(super) async fn credentials(scene: &Scene, program_id: &str) -> Result<NamedTempFile, Failure> {
    let path = format!("wecom/programs/{program_id}/instances/1/credentials");
    let credentials = scene.get(&path).await?;
    // Made with mode 0600.
    let mut file = NamedTempFile::new().map_err(Failure::internal)?;
    let written = file.write_all(credentials.to_string().as_bytes());
    written.map_err(Failure::internal)?;
    Ok(file)
}

/// The SDK with these credentials.
pub(super) fn sdk(credentials: &NamedTempFile) -> Result<Sdk, Failure> {
    let settings = Settings {
        credentials: Some(credentials.path().to_owned()),
        ..Settings::default()
    };
    Ok(Sdk::new(settings)?)
}
