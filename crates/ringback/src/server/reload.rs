//! SIGHUP: what of the configuration is put into force while the process runs.

use std::path::PathBuf;

use super::{Running, options, tls};
use crate::config::Config;
use crate::failure::Failure;
use crate::logging::Level;

/// The file to read again, and the log whose level it sets.
#[derive(Debug)]
pub(crate) struct Reload {
    file: PathBuf,
    level: Level,
}

impl Reload {
    /// Reloads from this file.
    pub(crate) fn new(file: PathBuf, level: Level) -> Self {
        Self { file, level }
    }

    /// Log level, limits and certificate; all of it or nothing. The rest needs a restart.
    pub(super) fn apply(&self, running: &Running) -> Result<(), Failure> {
        let config = Config::read(&self.file)?;
        let certificate = match running.listeners.tls() {
            Some(current) if config.tls.enabled => Some((current, tls::server_config(&config)?)),
            _ => None,
        };
        self.level.set(&config.log)?;
        warn_of_the_rest(&config, &running.config);
        running.gateway.set_limits(options::gateway_limits(&config));
        running
            .feishu
            .set_in_flight(config.limits.in_flight_platform);
        running.zone.set_in_flight(config.limits.in_flight_platform);
        running.desk.set_in_flight(config.limits.in_flight_platform);
        running
            .listeners
            .set_limits(options::listener_limits(&config));
        if let Some((current, new)) = certificate {
            current.store(new);
        }
        Ok(())
    }
}

/// What a reload does not touch, where it differs from what the process runs with.
fn warn_of_the_rest(read: &Config, running: &Config) {
    let reloaded = Config {
        log: running.log.clone(),
        limits: running.limits.clone(),
        tls: running.tls.clone(),
        ..read.clone()
    };
    if reloaded != *running || read.tls.enabled != running.tls.enabled {
        tracing::warn!(
            "settings besides [log], [limits] and the certificate have changed: they need a restart"
        );
    }
}
