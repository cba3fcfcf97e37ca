//! The sample program on a developer's machine: a process of its own, at a port of its own.

use std::process::Stdio;

use ringback_zone_sdk::environment as sdk;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::super::check::in_time;
use crate::failure::Failure;

/// What the SDK logs before the address.
const LISTENING: &str = "listening on ";

/// It runs until it is dropped.
pub(super) struct DebugProgram {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Where it takes calls and events.
    pub(super) url: String,
}

impl DebugProgram {
    /// Starts it; the SDK opens debug mode before it serves.
    pub(super) async fn start(
        zone_url: &str,
        debug_token: &str,
        access_token: &str,
    ) -> Result<Self, Failure> {
        let binary = std::env::current_exe().map_err(Failure::internal)?;
        let mut child = Command::new(binary)
            .args([crate::SAMPLE_PROGRAM, "--debug"])
            .env(sdk::ZONE_URL, zone_url)
            .env(sdk::LISTEN, "127.0.0.1:0")
            .env_remove(sdk::CREDENTIALS)
            .env(zone_program::DEBUG_TOKEN, debug_token)
            .env(zone_program::ACCESS_TOKEN, access_token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::internal)?;
        let output = child.stdout.take();
        let output = output.ok_or_else(|| Failure::internal("the program has no output"))?;
        let mut program = Self {
            _child: child,
            lines: BufReader::new(output).lines(),
            url: String::new(),
        };
        let line = program.line(LISTENING).await?;
        let address = line.rsplit(LISTENING).next().unwrap_or_default();
        program.url = format!("http://{address}/");
        Ok(program)
    }

    /// The next of its log lines that holds this text.
    pub(super) async fn line(&mut self, text: &str) -> Result<String, Failure> {
        let lines = &mut self.lines;
        let coming = async {
            loop {
                let line = lines.next_line().await.ok().flatten()?;
                if line.contains(text) {
                    return Some(line);
                }
            }
        };
        in_time(&format!("`{text}` in the debug program's log"), coming).await
    }
}
