//! `ringback completions`: what a shell needs to complete our commands.

use clap::CommandFactory;

use crate::cli::Cli;

/// Arguments of `ringback completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For which shell
    shell: clap_complete::Shell,
}

/// Prints the completions.
pub(crate) fn run(arguments: &Arguments) {
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "ringback",
        &mut std::io::stdout(),
    );
}
