//! The process's own log: to stderr, as text or JSON, its level changeable while it runs.

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::config::{Log, LogFormat};
use crate::environment;
use crate::failure::Failure;

/// Changes the level of a running log.
#[derive(Debug, Clone)]
pub(crate) struct Level(reload::Handle<EnvFilter, Registry>);

/// Starts the log; `RINGBACK_LOG` wins over the configuration.
pub(crate) fn start(log: &Log) -> Result<Level, Failure> {
    let (filter, handle) = reload::Layer::new(filter(log)?);
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(!environment::no_color() && stderr_is_terminal());
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => fmt::layer().json().with_writer(std::io::stderr).boxed(),
    };
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    started.map_err(Failure::internal)?;
    Ok(Level(handle))
}

impl Level {
    /// Puts the level of a reloaded configuration into force.
    pub(crate) fn set(&self, log: &Log) -> Result<(), Failure> {
        self.0.reload(filter(log)?).map_err(Failure::internal)
    }
}

fn filter(log: &Log) -> Result<EnvFilter, Failure> {
    let text = environment::value(environment::LOG).unwrap_or_else(|| log.level.clone());
    EnvFilter::try_new(&text).map_err(|error| {
        Failure::usage(
            "config.log_level",
            format!("`{text}` is not a log filter: {error}"),
        )
        .with_hint("write `info`, or `info,ringback_deliver=debug`")
    })
}

fn stderr_is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}
