//! `ringback`: the binary. Commands, configuration and wiring; everything that works is in the rooms.

mod cli;
mod client;
mod commands;
mod config;
mod doctor;
mod duration;
mod environment;
mod failure;
mod logging;
mod messages;
mod output;
mod progress;
mod ready_file;
mod server;
mod size;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::Output;

/// Allocation is a visible part of what an accepted event costs: with this one and SQLite's leaner flags
/// (`.cargo/config.toml`) 13 % more events a second became durable than without both.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The first argument of a process that is to become a zone program: its limits are set before it runs.
const LAUNCH: &str = "host-launch";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == LAUNCH) {
        return ringback_host::launch(arguments);
    }
    let cli = Cli::parse();
    let output = Output::new(cli.format);
    let ended = runtime(&cli).and_then(|runtime| runtime.block_on(commands::run(cli, output)));
    match ended {
        Ok(status) => status,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// All cores for a command that serves, this thread alone for one that only asks a server.
fn runtime(cli: &Cli) -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = if cli.command.serves() {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let built = builder.enable_all().build();
    built.map_err(|error| Failure::internal(format_args!("the runtime does not start: {error}")))
}
