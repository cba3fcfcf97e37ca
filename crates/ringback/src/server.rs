//! The whole process: store → engine → gateway and platforms → faces, and its end.
//!
//! [`Server::start`] returns once every socket accepts. Used by `serve`, `dev`, `exec` and `demo`.

mod listeners;
mod maintenance;
mod options;
mod rehearsal;
mod reload;
pub(crate) mod signal;
mod tls;

pub(crate) use options::master_key;
pub(crate) use rehearsal::Rehearsal;
pub(crate) use reload::Reload;

use std::net::SocketAddr;
use std::time::Duration;

use ringback_archive::Archive;
use ringback_deliver::{Engine, Guard};
use ringback_desk::Desk;
use ringback_feishu::Feishu;
use ringback_gateway::Gateway;
use ringback_host::Hosts;
use ringback_http::Faces;
use ringback_store::{Record, Schema, Store};
use ringback_types::{Clock, Deadline, Random, Secret};
use ringback_zone::{WellKnownCallback, Zone};
use tokio::task::JoinHandle;

use self::listeners::Listeners;
use self::signal::{Signals, Taken};
use crate::config::Config;
use crate::failure::Failure;

/// The tables of every room.
const SCHEMAS: &[Schema] = &[
    ringback_deliver::records::SCHEMA,
    ringback_gateway::records::SCHEMA,
    ringback_feishu::records::SCHEMA,
    ringback_archive::SCHEMA,
    ringback_zone::records::SCHEMA,
    ringback_desk::records::SCHEMA,
    ringback_http::records::SCHEMA,
];

/// How long attempts under way may take to finish, whatever requests have taken before.
const LEAST_FINISH: Duration = Duration::from_secs(1);

/// What differs between production and a rehearsal.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Schedule time, real or virtual.
    pub(crate) clock: Clock,
    /// Chance, seeded or not.
    pub(crate) random: Random,
    /// What may be connected to.
    pub(crate) guard: Guard,
    /// A management token that lives as long as the process.
    pub(crate) process_token: Option<Secret>,
    /// What data-callback URLs of WeCom apps are saved with where nothing is given.
    pub(crate) callback: Option<WellKnownCallback>,
}

impl Setting {
    /// Real time, the system's chance, public addresses and what the configuration allows.
    pub(crate) fn production(config: &Config) -> Self {
        Self {
            clock: Clock::real(),
            random: Random::system(),
            guard: options::guard(config),
            process_token: None,
            callback: None,
        }
    }
}

/// The process, before it runs.
#[derive(Debug)]
pub(crate) struct Server;

/// The running process.
#[derive(Debug)]
pub(crate) struct Running {
    config: Config,
    store: Store,
    engine: Engine,
    gateway: Gateway,
    feishu: Feishu,
    zone: Zone,
    desk: Desk,
    faces: Faces,
    listeners: Listeners,
    maintenance: JoinHandle<()>,
    first_admin: Option<Secret>,
    process_token: Option<Secret>,
}

impl Server {
    /// Opens the store, wires the rooms and listens.
    pub(crate) async fn start(config: Config, setting: Setting) -> Result<Running, Failure> {
        let metrics = options::metrics(&config)?;
        let listeners = Listeners::bind(&config).await?;
        let store = open_store(&config, setting.clock.clone()).await?;
        let guard = setting.guard.clone();
        guard.set_own(listeners.addresses().map(|(_, address)| address).collect());
        let record = Record::new(store.clone());
        let random = setting.random.clone();
        let engine =
            Engine::start(options::engine(&config)?, record, guard, random.clone()).await?;
        let gateway = Gateway::new(engine.clone(), options::gateway(&config)).await?;
        let feishu = Feishu::new(engine.clone(), random.clone(), options::feishu(&config)).await?;
        let zone = start_zone(&config, &setting, &engine, &listeners).await?;
        let desk = Desk::new(engine.clone(), random.clone(), options::desk(&config)).await?;
        let faces = options::faces(&config, setting.process_token.clone(), metrics);
        let faces = Faces::new(
            engine.clone(),
            gateway.clone(),
            feishu.clone(),
            zone.clone(),
            desk.clone(),
            random,
            faces,
        )
        .await?;
        let needs_admin = setting.process_token.is_none();
        let first_admin = if needs_admin {
            faces.tokens().first_admin().await?
        } else {
            None
        };
        let retention = options::retention(&config);
        let maintenance = maintenance::start(engine.clone(), zone.clone(), desk.clone(), retention);
        let listeners = listeners.serve(&faces);
        Ok(Running {
            first_admin: first_admin.map(|made| made.secret),
            process_token: setting.process_token,
            config,
            store,
            engine,
            gateway,
            feishu,
            zone,
            desk,
            faces,
            listeners,
            maintenance,
        })
    }
}

async fn start_zone(
    config: &Config,
    setting: &Setting,
    engine: &Engine,
    listeners: &Listeners,
) -> Result<Zone, Failure> {
    let random = setting.random.clone();
    let store = engine.record().store();
    let archive = Archive::load(store.clone(), random.clone(), options::archive(config)).await?;
    let programs = config.store.directory.join("programs");
    let hosts = Hosts::new(store.clock().clone(), programs, options::program_hosts()?);
    let settings = options::zone(config, listeners.platform(), setting.callback);
    Ok(Zone::new(engine.clone(), random, archive, hosts, settings).await?)
}

/// Opening blocks for milliseconds, so it happens beside the runtime.
async fn open_store(config: &Config, clock: Clock) -> Result<Store, Failure> {
    let options = options::store(config);
    let key = options::master_key(config);
    let opened =
        tokio::task::spawn_blocking(move || Store::open(options, clock, &key, SCHEMAS)).await;
    Ok(opened.map_err(Failure::internal)??)
}

impl Running {
    /// Each face's name and where it listens.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.listeners.addresses()
    }

    /// The first management token, where there was none before.
    pub(crate) fn first_admin(&self) -> Option<&str> {
        self.first_admin.as_ref().and_then(Secret::expose_str)
    }

    /// Serves until a signal, reloading on SIGHUP where there is something to reload; then stops in
    /// good order. A second signal ends the process at once.
    pub(crate) async fn until_stopped(
        self,
        mut signals: Signals,
        reload: Option<Reload>,
    ) -> Result<(), Failure> {
        loop {
            match signals.next().await {
                Taken::Stop(_) => break,
                Taken::Hangup => self.reload(reload.as_ref()),
            }
        }
        tokio::select! {
            stopped = self.stop() => stopped,
            signal = signals.stop() => signal::end_at_once(signal),
        }
    }

    fn reload(&self, reload: Option<&Reload>) {
        let Some(reload) = reload else { return };
        match reload.apply(self) {
            Ok(()) => tracing::info!("configuration reloaded"),
            Err(failure) => {
                tracing::error!(code = %failure.code, "the old configuration stays: {}", failure.message);
            }
        }
    }

    /// Not ready → still served for the drain time → no new connections, requests under way finish → no
    /// new claims, attempts under way finish → last commit (design, section 8).
    ///
    /// The engine ends after the last request: one that came in the drain time may be a call, which
    /// waits for an attempt of its own.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.faces.stopping();
        let drain = Duration::from_secs(self.config.shutdown.drain_seconds);
        if !drain.is_zero() {
            tracing::info!(seconds = drain.as_secs(), "stopping; still serving");
            tokio::time::sleep(drain).await;
        }
        let finish = Deadline::after(Duration::from_secs(self.config.shutdown.finish_seconds));
        self.maintenance.abort();
        self.listeners.stop().await;
        self.zone.stop().await;
        // Requests that took all of the time leave the attempts a moment to be recorded.
        self.engine
            .shutdown(finish.remaining().max(LEAST_FINISH))
            .await;
        self.store.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}
