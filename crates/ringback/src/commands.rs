//! The commands, one file each: what they take and what they do.

pub(crate) mod app;
pub(crate) mod apply;
pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod call;
pub(crate) mod cancel;
pub(crate) mod clock;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod corp;
pub(crate) mod demo;
pub(crate) mod desk;
pub(crate) mod dev;
pub(crate) mod endpoint;
pub(crate) mod exec;
pub(crate) mod fault;
mod filters;
pub(crate) mod flow;
mod input;
pub(crate) mod key;
pub(crate) mod listen;
pub(crate) mod log;
pub(crate) mod program;
mod render;
pub(crate) mod replay;
pub(crate) mod restore;
mod secret;
pub(crate) mod serve;
pub(crate) mod source;
pub(crate) mod status;
pub(crate) mod token;
mod toml_file;
pub(crate) mod trigger;
pub(crate) mod verify;
mod wecom;

use std::process::ExitCode;

use http::Method;
use serde_json::Value;

use crate::cli::{Cli, Command};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

/// Runs the chosen command; the exit status is its own where it has one to pass on.
pub(crate) async fn run(cli: Cli, output: Output) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Demo(arguments) => return demo::run(arguments, output).await,
        Command::Exec(arguments) => return exec::run(arguments, output).await,
        Command::Verify(arguments) => return verify::run(arguments, output).await,
        Command::Dev(arguments) => dev::run(arguments, output).await,
        Command::Serve(arguments) => serve::run(arguments, output).await,
        Command::Trigger(arguments) => trigger::run(arguments, output).await,
        Command::Call(arguments) => call::run(arguments, output).await,
        Command::Log(arguments) => log::run(arguments, output).await,
        Command::Replay(arguments) => replay::run(arguments, output).await,
        Command::Cancel(arguments) => cancel::run(arguments, output).await,
        Command::Listen(arguments) => listen::run(arguments, output).await,
        Command::Apply(arguments) => apply::run(arguments, output).await,
        Command::App(arguments) => app::run(arguments, output).await,
        Command::Corp(arguments) => corp::run(arguments, output).await,
        Command::Program(arguments) => program::run(arguments, output).await,
        Command::Desk(arguments) => desk::run(arguments, output).await,
        Command::Flow(arguments) => flow::run(arguments, output).await,
        Command::Archive(arguments) => archive::run(arguments, output).await,
        Command::Source(arguments) => source::run(arguments, output).await,
        Command::Endpoint(arguments) => endpoint::run(arguments, output).await,
        Command::Token(arguments) => token::run(arguments, output).await,
        Command::Clock(arguments) => clock::run(arguments, output).await,
        Command::Fault(arguments) => fault::run(arguments, output).await,
        Command::Backup(arguments) => backup::run(arguments, output).await,
        Command::Restore(arguments) => restore::run(&arguments, output),
        Command::Key(arguments) => key::run(arguments, output),
        Command::Audit(arguments) => audit::run(arguments, output).await,
        Command::Status(arguments) => status::run(arguments, output).await,
        Command::Config(arguments) => config::run(arguments, output),
        Command::Completions(arguments) => {
            completions::run(&arguments);
            Ok(())
        }
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Deletes what stands at `path`, or shows what that would be.
async fn delete(
    client: &Client,
    output: Output,
    kind: &str,
    path: &str,
    dry_run: bool,
) -> Result<(), Failure> {
    let what: Value = client.get(path).await?;
    if dry_run {
        output.note(format_args!("this {kind} would be deleted:"));
        render::object(output, &what);
        return Ok(());
    }
    let _: Value = client.ask(Method::DELETE, path, None).await?;
    output.note(format_args!("{kind} deleted"));
    Ok(())
}
