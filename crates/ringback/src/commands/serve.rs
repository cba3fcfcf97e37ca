//! `ringback serve`: production, by a configuration file.

use std::path::PathBuf;

use crate::config::Config;
use crate::environment;
use crate::failure::Failure;
use crate::logging;
use crate::output::Output;
use crate::server::signal::Signals;
use crate::server::{Reload, Server, Setting};

/// Arguments of `ringback serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
`ringback config default` prints every setting with its default.

Signals: SIGTERM and SIGINT stop it in good order, a second one at once; SIGHUP reads the file again
and puts log level, limits and certificates into force.")]
pub(crate) struct Arguments {
    /// The configuration file
    #[arg(long, env = environment::CONFIG, hide_env_values = true, value_name = "FILE")]
    config: PathBuf,
    /// Let zone programs run as processes of this server, although they are not isolated; the same as
    /// `zone.allow_unisolated` of the configuration
    #[arg(long)]
    unisolated: bool,
}

/// Serves until a signal.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let mut config = Config::read(&arguments.config)?;
    config.zone.allow_unisolated |= arguments.unisolated;
    let level = logging::start(&config.log)?;
    let signals = Signals::new()?;
    let setting = Setting::production(&config);
    let running = Server::start(config, setting).await?;
    if let Some(token) = running.first_admin() {
        output.note(format_args!(
            "the first management token, shown this once: {token}"
        ));
    }
    for (face, address) in running.addresses() {
        tracing::info!(face, %address, "listening");
    }
    let reload = Reload::new(arguments.config, level);
    running.until_stopped(signals, Some(reload)).await
}
