//! `ringback config`: the configuration and its defaults.

use std::path::PathBuf;

use crate::config::{self, Config};
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `ringback config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the default configuration file, every setting with its comment
    Default,
    /// Check a configuration file
    Check {
        /// The file
        file: PathBuf,
    },
}

/// Prints or checks.
pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.action {
        Action::Default => output.line(config::DEFAULT_FILE.trim_end()),
        Action::Check { file } => {
            Config::read(&file)?;
            output.note(format_args!("`{}` is in order", file.display()));
        }
    }
    Ok(())
}
