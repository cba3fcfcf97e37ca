//! Zone programs written with the SDK, on loopback.

use std::collections::HashMap;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use ringback_dialect::zone::Credentials;
use ringback_zone::Zone;
use ringback_zone_sdk::{Request, Settings, Zone as Sdk, generate_notify_id};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::stage::serve;

/// A program that runs; what it was asked comes out of `seen`.
pub(crate) struct Running {
    pub(crate) port: u16,
    /// What answers; made before there are keys, which it reads when the zone first asks it.
    pub(crate) sdk: Sdk,
    credentials: PathBuf,
    pub(crate) seen: tokio::sync::Mutex<mpsc::UnboundedReceiver<Request>>,
    _directory: tempfile::TempDir,
}

impl Running {
    /// The sample of the seed in a few lines: events are stored under a notify id, then told; abilities
    /// hand SDK APIs on.
    pub(crate) async fn sample() -> Self {
        let stored = Arc::new(Mutex::new(HashMap::new()));
        Self::start(move |request| sampled(Arc::clone(&stored), request)).await
    }

    /// A program whose answers are this handler's.
    pub(crate) async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        let directory = tempfile::tempdir().unwrap();
        let credentials = directory.path().join("credentials.json");
        let settings = Settings {
            credentials: Some(credentials.clone()),
            ..Settings::default()
        };
        // Nobody's keys until it is deployed.
        write_private(&credentials, NOBODY);
        Self::with(settings, credentials, directory, handler).await
    }

    /// A program on a developer's machine, without credentials.
    pub(crate) async fn debugged(zone_url: String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            zone_url,
            ..Settings::default()
        };
        let stored = Arc::new(Mutex::new(HashMap::new()));
        let handler = move |request| sampled(Arc::clone(&stored), request);
        Self::with(settings, PathBuf::new(), directory, handler).await
    }

    async fn with<H, F>(
        settings: Settings,
        credentials: PathBuf,
        directory: tempfile::TempDir,
        handler: H,
    ) -> Self
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        let sdk = Sdk::new(settings).unwrap();
        let (tell, seen) = mpsc::unbounded_channel();
        let router: Router = sdk.router(move |request: Request| {
            drop(tell.send(request.clone()));
            handler(request)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        serve(listener, router);
        Self {
            port,
            sdk,
            credentials,
            seen: tokio::sync::Mutex::new(seen),
            _directory: directory,
        }
    }

    /// The sample started anew with this file, as after a crash: what it had in memory is gone.
    pub(crate) async fn restarted_with(&self, credentials: &Credentials) -> Self {
        let again = Self::sample().await;
        write_private(
            &again.credentials,
            &serde_json::to_string(credentials).unwrap(),
        );
        again
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Gives it the file of an instance, as whoever deploys it does.
    pub(crate) async fn credentials(&self, zone: &Zone, program_id: &str, instance: u32) {
        let file = zone
            .instance_credentials(program_id, instance)
            .await
            .unwrap();
        write_private(&self.credentials, &serde_json::to_string(&file).unwrap());
    }

    /// The program speaking first, with the keys it has by now.
    pub(crate) fn speaks(&self) -> Sdk {
        let settings = Settings {
            credentials: Some(self.credentials.clone()),
            ..Settings::default()
        };
        Sdk::new(settings).unwrap()
    }

    /// The next thing it was asked.
    pub(crate) async fn asked(&self) -> Request {
        self.seen.lock().await.recv().await.unwrap()
    }

    /// What it was asked that nobody has taken out.
    pub(crate) fn pending(&self) -> usize {
        let mut seen = self.seen.try_lock().unwrap();
        std::iter::from_fn(|| seen.try_recv().ok()).count()
    }
}

fn write_private(path: &PathBuf, text: &str) {
    let next = path.with_extension("next");
    let _ = std::fs::remove_file(&next);
    let mut file = std::fs::OpenOptions::new();
    let mut file = file
        .write(true)
        .create_new(true)
        .mode(0o400)
        .open(&next)
        .unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    std::fs::rename(next, path).unwrap();
}

/// A credentials file of nobody: the SDK wants one that is whole.
const NOBODY: &str = r#"{"zone_url":"http://127.0.0.1:1","key_id":"nobody/1","versions":[{"version":1,"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}"#;

type Stored = Arc<Mutex<HashMap<String, String>>>;

async fn sampled(stored: Stored, request: Request) -> Result<String, String> {
    if request.is_event() {
        let notify_id = generate_notify_id();
        stored
            .lock()
            .unwrap()
            .insert(notify_id.clone(), request.data.clone());
        let notify = json!({ "notify_id": notify_id, "notify_scene": 7 }).to_string();
        let answer = request.client().invoke("spec_notify_app", &notify).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        return if answer["errcode"] == 0 {
            Ok("{}".to_owned())
        } else {
            Err(answer.to_string())
        };
    }
    if request.is_async {
        return Ok("{}".to_owned());
    }
    match request.ability_id.as_str() {
        "echo" => Ok(
            json!({ "echo": serde_json::from_str::<Value>(&request.data).unwrap() }).to_string(),
        ),
        "get_callback_data" => {
            let found = stored.lock().unwrap().get(&request.notify_id).cloned();
            Ok(found
                .unwrap_or_else(|| r#"{"errcode":710660,"errmsg":"nothing stored"}"#.to_owned()))
        }
        other => {
            let api = other.strip_prefix("invoke_").unwrap_or(other);
            request
                .client()
                .invoke(api, &request.data)
                .await
                .map_err(|error| error.to_string())
        }
    }
}
