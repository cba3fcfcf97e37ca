//! Ringback measured against bare axum and hyper servers: the same load, in the same run, round by
//! round in turn. Figures are ratios; the machine's own speed cancels out.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures real time over connections of its own"
)]

mod load;
mod management;
mod process;
mod report;
mod scenarios;
mod servers;
mod workload;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures Ringback against bare axum and hyper servers.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The Ringback binary.
    #[arg(long, default_value = "target/release/ringback")]
    binary: PathBuf,
    /// Events in one round.
    #[arg(long, default_value_t = 40_000)]
    events: usize,
    /// Rounds of each figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Connections of the load.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Events stored before the figure with a full store.
    #[arg(long, default_value_t = 1_000_000)]
    stored: usize,
    /// Only the scenarios whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// The fault-injecting library, for the figures with a slow sync.
    #[arg(long)]
    preload: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves as a bare server until it is ended; used by the bench itself.
    #[command(hide = true)]
    Child {
        /// `echo`, `sink`, `business`, `proxy` or `program`.
        kind: String,
        /// Where a proxy sends on to, or the credentials file of a program.
        #[arg(default_value = "")]
        argument: String,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Command::Child { kind, argument }) = &arguments.command {
        let router = match kind.as_str() {
            "sink" => servers::sink(&Arc::default()),
            "business" => servers::business(),
            "proxy" => servers::proxy(argument.parse()?),
            "program" => servers::program(argument.into())?,
            _ => servers::echo(),
        };
        return servers::run_child(router).await;
    }
    scenarios::run(&arguments).await
}
