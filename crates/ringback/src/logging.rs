//! The process's own log: to stderr, as text or JSON, its level changeable while it runs.

use std::fmt::Display;

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

/// Refuses a log filter that would not do what it says.
///
/// To the filter a lone word that is no level is the name of a part of the program: `loud` would
/// silence everything else.
pub(crate) fn check(text: &str) -> Result<(), Failure> {
    let mut parts = text.split(',').map(str::trim);
    if let Some(part) = parts.find(|part| !part.contains(['=', '[', ':']) && !is_level(part)) {
        return Err(no_filter(text, format_args!("`{part}` is no level")));
    }
    let parsed = EnvFilter::try_new(text);
    parsed.map(drop).map_err(|error| no_filter(text, error))
}

fn is_level(word: &str) -> bool {
    LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word))
}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

fn no_filter(text: &str, detail: impl Display) -> Failure {
    let message = format!("`{text}` is not a log filter: {detail}");
    Failure::usage("config.log_level", message).with_hint(
        "write `error`, `warn`, `info`, `debug`, `trace` or `off`, or `info,ringback_deliver=debug`",
    )
}

fn filter(log: &Log) -> Result<EnvFilter, Failure> {
    let text = environment::value(environment::LOG).unwrap_or_else(|| log.level.clone());
    check(&text)?;
    EnvFilter::try_new(&text).map_err(|error| no_filter(&text, error))
}

fn stderr_is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}
