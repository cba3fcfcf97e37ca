//! `ringback dev`: a local platform with a seeded app.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::environment;
use crate::failure::Failure;
use crate::logging;
use crate::output::{Output, Style};
use crate::ready_file::{DeskCredentials, FeishuCredentials, Ready, ReadyFile, WecomCredentials};
use crate::server::Rehearsal;
use crate::server::signal::Signals;

/// Arguments of `ringback dev`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) options: Options,
}

/// How a local platform runs; shared with `ringback exec`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7300")]
    pub(super) listen: SocketAddr,
    /// Where to keep the data; a temporary directory when left out
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Write how to reach it into this file once it is ready, mode 0600; removed at stop
    #[arg(long, value_name = "FILE")]
    pub(super) ready_file: Option<PathBuf>,
    /// Make ids and jitter repeatable; keys, nonces and tokens never are
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Whether schedule time is real, or moves only with `ringback clock advance`
    #[arg(long, value_enum, default_value = "real")]
    pub(super) clock: ClockKind,
    /// Level of the process's own log
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub(super) log: String,
}

/// How schedule time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ClockKind {
    /// As the system's clock.
    Real,
    /// Only when it is advanced.
    Virtual,
}

impl Options {
    /// How a server of these options runs.
    pub(super) fn rehearsal(&self) -> Rehearsal {
        Rehearsal {
            listen: self.listen,
            data: self.data.clone(),
            seed: self.seed,
            virtual_clock: self.clock == ClockKind::Virtual,
        }
    }

    /// Starts the process's own log.
    pub(super) fn start_log(&self) -> Result<(), Failure> {
        let log = crate::config::Log {
            level: self.log.clone(),
            ..Default::default()
        };
        logging::start(&log).map(drop)
    }
}

/// Serves until a signal.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let options = arguments.options;
    options.start_log()?;
    let signals = Signals::new()?;
    let local = options.rehearsal().start().await?;
    let ready = local.ready().await?;
    let _files = write_ready_files(&ready, options.ready_file.as_ref(), output).await?;
    if output.is_json() {
        output.json(&ready);
    } else {
        tell(output, &ready);
    }
    if options.data.is_none() {
        output.note("the data is removed at stop; name a directory with `--data` to keep it");
    }
    output.flush();
    local.until_stopped(signals).await
}

/// The file that was asked for, and the one that this user's other commands look for. Where that
/// cannot be written, the others need flags; that stops nothing.
async fn write_ready_files(
    ready: &Ready,
    asked: Option<&PathBuf>,
    output: Output,
) -> Result<Vec<ReadyFile>, Failure> {
    let mut files = Vec::new();
    if let Some(path) = asked {
        files.push(ready.write(path)?);
    }
    if let Some(path) = environment::well_known_ready_file() {
        if let Some(first) = another_that_runs(&path, ready).await {
            output.note(format_args!(
                "another `ringback dev` runs at {}: other commands ask that one; name this one with `--ready-file` or with `--url` and `--token`",
                first.url
            ));
            return Ok(files);
        }
        match ready.write(&path) {
            Ok(file) => files.push(file),
            Err(failure) => output.note(format_args!("{}", failure.message)),
        }
    }
    Ok(files)
}

/// The `dev` that left its ready file there, if it is another one and still runs.
async fn another_that_runs(path: &Path, own: &Ready) -> Option<Ready> {
    let there = Ready::read(path).ok().filter(|there| there != own)?;
    there.is_alive().await.then_some(there)
}

/// Three lines to paste for each platform: environment, trigger, what to watch.
fn tell(output: Output, ready: &Ready) {
    output.line(format_args!("ringback is ready at {}", ready.url));
    output.line("");
    output.line(output.style(Style::Strong, "feishu"));
    tell_feishu(output, &ready.url, &ready.feishu);
    if let Some(app) = &ready.wecom {
        output.line("");
        output.line(output.style(Style::Strong, "wecom"));
        tell_wecom(output, &ready.url, app);
    }
    if let Some(app) = &ready.desk {
        output.line("");
        output.line(output.style(Style::Strong, "desk"));
        tell_desk(output, app);
    }
    output.line("");
    output.line("stop with Ctrl-C");
}

/// The seeded flow calls the sample at its own default address.
fn tell_desk(output: Output, app: &DeskCredentials) {
    output.line(format_args!(
        "  export DESK_SDKAPPID={} DESK_TOKEN={}",
        app.sdkappid, app.token
    ));
    output.line("  ringback desk chat --trace");
    output.line(format_args!(
        "  ringback log --follow --app {}",
        app.sdkappid
    ));
}

fn tell_feishu(output: Output, url: &str, app: &FeishuCredentials) {
    output.line(format_args!(
        "  export FEISHU_DOMAIN={url} FEISHU_APP_ID={} FEISHU_APP_SECRET={} FEISHU_ENCRYPT_KEY={} FEISHU_VERIFICATION_TOKEN={}",
        app.app_id, app.app_secret, app.encrypt_key, app.verification_token,
    ));
    output.line(
        "  ringback app request-url http://127.0.0.1:3000/feishu && ringback trigger feishu im.message.receive_v1",
    );
    output.line("  ringback log --follow");
}

/// What stands here is what `ringback exec` sets.
fn tell_wecom(output: Output, url: &str, app: &WecomCredentials) {
    let pairs = [
        (environment::ZONE_URL, url),
        (environment::WECOM_CORPID, &app.corpid),
        (environment::WECOM_CORPSECRET, &app.corpsecret),
        (environment::WECOM_AGENTID, &app.agentid.to_string()),
        (environment::WECOM_PROGRAM_ID, &app.program_id),
        (environment::WECOM_TOKEN, &app.token),
        (environment::WECOM_ENCODING_AES_KEY, &app.encoding_aes_key),
        (environment::WECOM_DEBUG_TOKEN, &app.debug_token),
    ];
    let known = pairs.iter().filter(|(_, value)| !value.is_empty());
    let settings: Vec<String> = known
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    output.line(format_args!("  export {}", settings.join(" ")));
    output.line("  ringback trigger zone conversation_new_message");
    output.line(format_args!(
        "  ringback log --follow --app {}/{}",
        app.corpid, app.agentid
    ));
}
