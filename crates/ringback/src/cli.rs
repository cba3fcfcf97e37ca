//! The command line: what is accepted and what `--help` says.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::commands::{
    app, apply, archive, audit, backup, call, cancel, clock, completions, config, corp, demo, desk,
    dev, endpoint, exec, fault, flow, key, listen, log, program, replay, restore, serve, source,
    status, token, trigger, verify,
};
use crate::environment;
use crate::output::Format;

/// What stands under every `--help` of the whole program.
const AFTER_HELP: &str = "\
Exit status:
  0  it worked
  1  it was tried and failed, or the server refused it
  2  the command line, the configuration or a given file is wrong
  3  the server is not reachable, or does not accept the token
  `ringback exec` passes on the exit status of its command (128 + n for signal n; 127: no such
  command, 126: it cannot be run).

Commands that ask a server find it by `--url` and `--token`, by `--ready-file`, or, without
any of these, by the ready file that `ringback dev` leaves for this user.

Examples:
  ringback demo --once
  ringback dev
  ringback trigger feishu im.message.receive_v1 --set message.chat_type=p2p
  ringback call progAbc123 summarize '{\"chat\":\"…\"}'
  ringback desk chat --trace
  ringback verify https://example.com/feishu --as feishu --encrypt-key … --token …";

/// Self-hosted callback engine for enterprise open platforms.
///
/// Plays the platform on one machine, and receives, keeps, delivers and replays its callbacks.
#[derive(Debug, Parser)]
#[command(name = "ringback", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    /// How data is printed on stdout: for people, or one JSON object per line
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub(crate) format: Format,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, in the order in which a newcomer meets them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell the whole story over real HTTP on loopback, step by step
    Demo(demo::Arguments),
    /// Run a local platform with a seeded app and a virtual or real clock
    Dev(dev::Arguments),
    /// Start a local platform, run a command against it, pass its exit status on
    Exec(exec::Arguments),
    /// Run in production, by a configuration file
    Serve(serve::Arguments),
    /// Examine a request URL as the platform would, and name what is wrong with it
    Verify(verify::Arguments),
    /// Make an event or a callback from a fixture
    Trigger(trigger::Arguments),
    /// Call a zone program as an app would
    Call(call::Arguments),
    /// Search the log, or show one event or delivery
    Log(log::Arguments),
    /// Deliver again, by id or by filter
    Replay(replay::Arguments),
    /// Take deliveries back that are still due or held
    Cancel(cancel::Arguments),
    /// Print every raw request at a receive path, rejected ones too
    Listen(listen::Arguments),
    /// Bring sources, endpoints, apps, corps, programs and flows to what a file says
    Apply(apply::Arguments),
    /// Manage Feishu, WeCom and Desk apps
    App(app::Arguments),
    /// Talk to a Desk bot, and look at its conversations
    Desk(desk::Arguments),
    /// Manage a Desk bot's task flows: check, save, publish, draw
    Flow(flow::Arguments),
    /// Manage corps: whose conversations the archive holds
    Corp(corp::Arguments),
    /// Manage zone programs: describe, deploy, debug
    Program(program::Arguments),
    /// Import or generate conversations for the zone's archive
    Archive(archive::Arguments),
    /// Manage sources: where events come in
    Source(source::Arguments),
    /// Manage endpoints: where events are sent
    Endpoint(endpoint::Arguments),
    /// Manage the tokens of the management API
    Token(token::Arguments),
    /// Show who changed what
    Audit(audit::Arguments),
    /// Show or advance the schedule clock
    Clock(clock::Arguments),
    /// Break things on purpose
    Fault(fault::Arguments),
    /// Copy the store while it runs
    Backup(backup::Arguments),
    /// Put a backup in the place of a store
    Restore(restore::Arguments),
    /// Rotate the master key of a server that is not running
    Key(key::Arguments),
    /// Show how the server is
    Status(status::Arguments),
    /// Show the configuration
    Config(config::Arguments),
    /// Print completions for a shell
    #[command(hide = true)]
    Completions(completions::Arguments),
}

impl Command {
    /// Whether the command runs a server of its own.
    pub(crate) fn serves(&self) -> bool {
        matches!(
            self,
            Self::Demo(_) | Self::Dev(_) | Self::Exec(_) | Self::Serve(_)
        )
    }
}

/// Which server a command asks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connection {
    /// Address of the server
    #[arg(long, global = true, env = environment::URL, hide_env_values = true, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Management token
    #[arg(long, global = true, env = environment::TOKEN, hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Ready file of a running `ringback dev`, in place of address and token
    #[arg(
        long,
        global = true,
        env = environment::READY_FILE,
        hide_env_values = true,
        value_name = "FILE",
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    pub(crate) ready_file: Option<PathBuf>,

    /// Certificates to trust besides the system's, PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

impl Connection {
    /// The same, where what is empty counts as not given: a variable that is set to nothing is unset.
    pub(crate) fn without_empty(mut self) -> Self {
        self.url = self.url.filter(|text| !text.is_empty());
        self.token = self.token.filter(|text| !text.is_empty());
        self.ready_file = self.ready_file.filter(|path| !path.as_os_str().is_empty());
        self
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        super::Cli::command().debug_assert();
    }
}
