//! `ringback exec`: a local platform for as long as a command runs, in CI and in scripts.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::dev::Options;
use crate::environment as env;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::ready_file::Ready;
use crate::server::signal::Signals;

/// What a shell adds to the number of the signal that ended a command.
const SIGNAL_BASE: i32 = 128;

/// What a shell says of a command that is there but cannot be run.
const NOT_RUN: u8 = 126;
/// What a shell says of a command that is not there.
const NOT_FOUND: u8 = 127;

/// Arguments of `ringback exec`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The command finds the platform by RINGBACK_URL and RINGBACK_TOKEN, as `ringback trigger`,
`ringback log` and the others do, and the seeded apps by
  RINGBACK_FEISHU_APP_ID, _APP_SECRET, _ENCRYPT_KEY and _VERIFICATION_TOKEN,
  RINGBACK_WECOM_CORPID, _CORPSECRET, _AGENTID, _PROGRAM_ID, _TOKEN, _ENCODING_AES_KEY and
  _DEBUG_TOKEN.
A zone program in debug mode finds the zone by RINGBACK_ZONE_URL.

The exit status is the command's own, 127 where there is no such command, 126 where it cannot
be run.

Example:
  ringback exec --listen 127.0.0.1:0 --clock virtual -- npm test")]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Starts, runs the command, stops, and passes its exit status on.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<ExitCode, Failure> {
    arguments.options.start_log()?;
    let signals = Signals::new()?;
    let local = arguments.options.rehearsal().start().await?;
    let ready = local.ready().await?;
    // The command calls it at once, perhaps.
    local.program_up().await;
    let file = arguments
        .options
        .ready_file
        .as_ref()
        .map(|path| ready.write(path))
        .transpose()?;
    let ended = match spawn(&arguments.command, &ready) {
        Ok(child) => attend(child, signals).await.map(exit_code),
        Err((failure, status)) => {
            output.failure(&failure);
            Ok(ExitCode::from(status))
        }
    };
    drop(file);
    local.stop().await?;
    ended
}

/// The command under way, or why it is not and the exit status that a shell has for that.
fn spawn(command: &[OsString], ready: &Ready) -> Result<Child, (Failure, u8)> {
    let Some((program, arguments)) = command.split_first() else {
        let failure = Failure::usage("exec.command", "no command is given");
        return Err((failure, Exit::Usage as u8));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(variables(ready))
        .kill_on_drop(true);
    command.spawn().map_err(|error| {
        let message = format!("cannot run `{}`: {error}", program.display());
        let status = match error.kind() {
            ErrorKind::NotFound => NOT_FOUND,
            _ => NOT_RUN,
        };
        (Failure::failed("exec.command", message), status)
    })
}

/// What a command finds the platform and the seeded apps by.
fn variables(ready: &Ready) -> Vec<(&'static str, String)> {
    let app = &ready.feishu;
    let mut variables = vec![
        (env::URL, ready.url.clone()),
        (env::TOKEN, ready.admin_token.clone()),
        (env::ZONE_URL, ready.url.clone()),
        (env::FEISHU_APP_ID, app.app_id.clone()),
        (env::FEISHU_APP_SECRET, app.app_secret.clone()),
        (env::FEISHU_ENCRYPT_KEY, app.encrypt_key.clone()),
        (
            env::FEISHU_VERIFICATION_TOKEN,
            app.verification_token.clone(),
        ),
    ];
    if let Some(app) = &ready.wecom {
        variables.extend([
            (env::WECOM_CORPID, app.corpid.clone()),
            (env::WECOM_CORPSECRET, app.corpsecret.clone()),
            (env::WECOM_AGENTID, app.agentid.to_string()),
            (env::WECOM_PROGRAM_ID, app.program_id.clone()),
            (env::WECOM_TOKEN, app.token.clone()),
            (env::WECOM_ENCODING_AES_KEY, app.encoding_aes_key.clone()),
            (env::WECOM_DEBUG_TOKEN, app.debug_token.clone()),
        ]);
    }
    if let Some(app) = &ready.desk {
        variables.extend([
            (env::DESK_SDKAPPID, app.sdkappid.clone()),
            (env::DESK_TOKEN, app.token.clone()),
        ]);
    }
    variables
}

/// Waits for the command and passes signals on to it; how it ends is its own affair.
async fn attend(mut child: Child, mut signals: Signals) -> Result<ExitStatus, Failure> {
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    loop {
        tokio::select! {
            ended = child.wait() => return ended.map_err(Failure::internal),
            signal = signals.stop() => pass_on(pid, signal),
        }
    }
}

fn pass_on(pid: Option<Pid>, signal: Signal) {
    if let Some(pid) = pid {
        // It may have just ended; then nobody is left to tell.
        let _ = kill_process(pid, signal);
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let number = status
        .code()
        .or_else(|| status.signal().map(|signal| SIGNAL_BASE + signal));
    ExitCode::from(u8::try_from(number.unwrap_or(1)).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_is_told_of_the_seeded_apps() {
        let mut ready = json!({
            "url": "http://127.0.0.1:7300",
            "admin_token": "token",
            "feishu": { "app_id": "", "app_secret": "", "encrypt_key": "", "verification_token": "" },
        });
        let read = |ready: &serde_json::Value| -> Vec<(&str, String)> {
            variables(&serde_json::from_value(ready.clone()).expect("it is a ready file"))
        };
        let zone = (env::ZONE_URL, "http://127.0.0.1:7300".to_owned());
        assert!(read(&ready).contains(&zone));
        assert!(!read(&ready).iter().any(|(name, _)| name.contains("WECOM")));
        ready["wecom"] = json!({
            "corpid": "ww", "corpsecret": "s", "agentid": 1_000_002, "program_id": "prog",
            "token": "t", "encoding_aes_key": "k", "data_callback_url": "", "debug_token": "dbg",
            "private_key_pem": "", "public_key_ver": 1,
        });
        let agent = (env::WECOM_AGENTID, "1000002".to_owned());
        assert!(read(&ready).contains(&agent));
        ready["desk"] = json!({ "sdkappid": "1400000000", "token": "t" });
        let app = (env::DESK_SDKAPPID, "1400000000".to_owned());
        assert!(read(&ready).contains(&app));
    }
}
