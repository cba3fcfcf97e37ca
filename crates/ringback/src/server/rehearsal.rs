//! A local platform: `dev`, `exec` and `demo`.

mod desk;
mod zone;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ringback_deliver::Guard;
use ringback_feishu::{NewApp, Seed, fixtures};
use ringback_types::{Clock, Random, Secret};

use super::signal::Signals;
use super::{Running, Server, Setting};
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::ready_file::{FeishuCredentials, Ready};

/// The seeded Feishu app; well known, so that samples and tests can name it.
pub(crate) const APP_ID: &str = "cli_a1b2c3d4e5f60718";
const APP_SECRET: &str = "ringback-dev-app-secret-00000000";
const ENCRYPT_KEY: &str = "ringback-dev-encrypt-key-0000000";
const VERIFICATION_TOKEN: &str = "ringbackdevverificationtoken0000";

/// How a local platform runs.
#[derive(Debug, Clone)]
pub(crate) struct Rehearsal {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Where its data is; a directory of its own, removed at the end, when left out.
    pub(crate) data: Option<PathBuf>,
    /// What ids and jitter repeat by.
    pub(crate) seed: Option<u64>,
    /// Whether schedule time moves only when told to.
    pub(crate) virtual_clock: bool,
}

/// A running local platform.
#[derive(Debug)]
pub(crate) struct Local {
    running: Running,
    /// Removed once everything else is gone.
    temporary: Option<tempfile::TempDir>,
}

impl Rehearsal {
    /// Starts it, with what is seeded.
    pub(crate) async fn start(self) -> Result<Local, Failure> {
        let temporary = if self.data.is_none() {
            Some(temporary()?)
        } else {
            None
        };
        let directory = temporary
            .as_ref()
            .map(|directory| directory.path().to_owned());
        let directory = self.data.clone().or(directory).unwrap_or_default();
        let running = Server::start(self.config(directory), self.setting()).await?;
        tokio::try_join!(
            seed_feishu(&running),
            zone::seed(&running.zone),
            desk::seed(&running.desk)
        )?;
        Ok(Local { running, temporary })
    }

    fn config(&self, directory: PathBuf) -> Config {
        Config {
            listen: config::Listen {
                address: self.listen,
                ..Default::default()
            },
            store: config::Store {
                directory,
                ..Default::default()
            },
            engine: config::Engine {
                rehearsal: true,
                ..Default::default()
            },
            // A developer waits for no review, runs what is the developer's own, and asks at any pace.
            zone: config::Zone {
                approve_at_once: true,
                allow_unisolated: true,
                calls_per_minute: 0,
                calls_per_hour: 0,
                calls_per_minute_of_address: 0,
                calls_per_hour_of_address: 0,
                lists_per_minute_without_token: u32::MAX,
                ..Default::default()
            },
            // Nobody balances load over a laptop.
            shutdown: config::Shutdown {
                drain_seconds: 0,
                finish_seconds: 5,
            },
            ..Default::default()
        }
    }

    fn setting(&self) -> Setting {
        let random = self.seed.map_or_else(Random::system, Random::seeded);
        let token = [(); 2].map(|()| format!("{:032x}", u128::from_be_bytes(random.secret())));
        Setting {
            clock: if self.virtual_clock {
                Clock::virtual_from_now()
            } else {
                Clock::real()
            },
            process_token: Some(Secret::from(format!("rbk_dev_{}", token.concat()))),
            guard: Guard::development(),
            callback: Some(zone::CALLBACK),
            random,
        }
    }
}

fn temporary() -> Result<tempfile::TempDir, Failure> {
    let made = tempfile::Builder::new().prefix("ringback-").tempdir();
    made.map_err(|error| {
        Failure::failed(
            "file.io",
            format!("no temporary directory can be made: {error}"),
        )
        .with_hint("name a data directory with `--data`")
    })
}

/// An app that knows every event type there is a fixture for.
async fn seed_feishu(running: &Running) -> Result<(), Failure> {
    let events = fixtures().filter(|fixture| !fixture.call);
    let app = NewApp {
        app_id: Some(APP_ID.to_owned()),
        name: Some("Ringback dev".to_owned()),
        app_secret: Some(APP_SECRET.into()),
        verification_token: Some(VERIFICATION_TOKEN.into()),
        encrypt_key: Some(ENCRYPT_KEY.into()),
        events: events.map(|fixture| fixture.event_type.clone()).collect(),
        ..NewApp::default()
    };
    running.feishu.seed(Seed { app }).await?;
    Ok(())
}

impl Local {
    /// How to reach it: address, token, and the seeded apps as they are now.
    pub(crate) async fn ready(&self) -> Result<Ready, Failure> {
        let running = &self.running;
        let (_, address) = running
            .addresses()
            .next()
            .ok_or_else(|| Failure::internal("no address"))?;
        let app = running.feishu.app(APP_ID)?;
        let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
        let credentials = &app.credentials;
        Ok(Ready {
            url: format!("http://{address}"),
            admin_token: running.process_token.as_ref().map(text).unwrap_or_default(),
            feishu: FeishuCredentials {
                app_id: app.app_id.clone(),
                app_secret: text(&credentials.app_secret),
                encrypt_key: credentials
                    .encrypt_key
                    .as_ref()
                    .map(text)
                    .unwrap_or_default(),
                verification_token: text(&credentials.verification_token),
            },
            wecom: Some(zone::credentials(&running.zone).await?),
            desk: Some(desk::credentials(&running.desk)?),
        })
    }

    /// Waits until the seeded program takes calls.
    pub(crate) async fn program_up(&self) {
        zone::program_up(&self.running.zone).await;
    }

    /// Where its data is.
    pub(crate) fn directory(&self) -> &Path {
        &self.running.config.store.directory
    }

    /// Serves until a signal.
    pub(crate) async fn until_stopped(self, signals: Signals) -> Result<(), Failure> {
        let stopped = self.running.until_stopped(signals, None).await;
        drop(self.temporary);
        stopped
    }

    /// Stops in good order.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let stopped = self.running.stop().await;
        drop(self.temporary);
        stopped
    }
}
