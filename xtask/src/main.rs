//! Developer commands: `cargo xtask test`, `crash`, `bench` and `tools`.
//!
//! Nothing here is part of the shipped binary. Data goes to stdout, the story to stderr.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer command talks to the person who runs it"
)]

mod bench;
mod crash;
mod postgres;
mod shell;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Developer commands of Ringback
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Format, lints, documentation and every test, against real peers and a real PostgreSQL
    Test(test::Options),
    /// Break the real binary's disk in every way a power cut can, and check what it promised
    Crash(crash::Options),
    /// Measure the release build beside bare servers, on a machine that does nothing else
    Bench(bench::Options),
    /// Find or fetch what the tests need and print it as lines for a shell to `eval`
    Tools,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let workspace = Workspace::locate()?;
    match &cli.command {
        Command::Test(options) => test::run(&workspace, options),
        Command::Crash(options) => crash::run(&workspace, options),
        Command::Bench(options) => bench::run(&workspace, options),
        Command::Tools => {
            for (name, value) in tools::Tools::provide(&workspace)?.environment() {
                println!("export {name}='{}'", value.to_string_lossy());
            }
            Ok(())
        }
    }
}
