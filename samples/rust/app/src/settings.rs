//! What the app is told: by flags, by the environment, or by the ready file of `ringback dev`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ringback_types::Secret;
use serde::Deserialize;

/// A sample WeCom app that takes the zone's notifications.
#[derive(Debug, clap::Parser)]
#[command(name = "zone-app", version)]
pub(crate) struct Arguments {
    /// Take everything that is not given from the ready file of `ringback dev`
    #[arg(long, env = "RINGBACK_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Where the platform is
    #[arg(long, env = "RINGBACK_URL", value_name = "URL")]
    url: Option<String>,
    /// The corp
    #[arg(long, env = "RINGBACK_WECOM_CORPID", value_name = "ID")]
    corpid: Option<String>,
    /// The app's secret
    #[arg(
        long,
        env = "RINGBACK_WECOM_CORPSECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    corpsecret: Option<Secret>,
    /// The program that is called
    #[arg(long, env = "RINGBACK_WECOM_PROGRAM_ID", value_name = "ID")]
    program_id: Option<String>,
    /// Token of the data callback URL
    #[arg(
        long,
        env = "RINGBACK_WECOM_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    token: Option<Secret>,
    /// EncodingAESKey of the data callback URL
    #[arg(
        long,
        env = "RINGBACK_WECOM_ENCODING_AES_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    encoding_aes_key: Option<Secret>,
    /// The corp's RSA private key, PKCS#8 in PEM
    #[arg(long, env = "RINGBACK_WECOM_PRIVATE_KEY_FILE", value_name = "FILE")]
    private_key_file: Option<PathBuf>,

    /// Where the data callback URL is served, at any path
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Keep the cursor here: after a restart the app goes on where it was
    #[arg(long, value_name = "FILE")]
    pub(crate) cursor_file: Option<PathBuf>,
    /// Print the opened keys themselves
    #[arg(long)]
    pub(crate) show_keys: bool,
}

/// The ready file, as far as this app needs it.
#[derive(Debug, Deserialize)]
struct Ready {
    url: String,
    wecom: Wecom,
}

#[derive(Debug, Deserialize)]
struct Wecom {
    corpid: String,
    corpsecret: Secret,
    program_id: String,
    token: Secret,
    encoding_aes_key: Secret,
    private_key_pem: Secret,
}

/// All of it, found.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) corpid: String,
    pub(crate) corpsecret: Secret,
    pub(crate) program_id: String,
    pub(crate) token: Secret,
    pub(crate) encoding_aes_key: Secret,
    pub(crate) private_key_pem: Secret,
}

impl Settings {
    /// What the arguments say, and the ready file where they are silent.
    pub(crate) fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let ready = arguments
            .ready_file
            .as_deref()
            .map(read_ready)
            .transpose()?;
        let ready = ready.as_ref();
        let wecom = ready.map(|ready| &ready.wecom);
        let key = arguments
            .private_key_file
            .as_deref()
            .map(read_key)
            .transpose()?;
        Ok(Self {
            url: either(arguments.url.as_ref(), ready.map(|one| &one.url), "--url")?,
            corpid: either(
                arguments.corpid.as_ref(),
                wecom.map(|one| &one.corpid),
                "--corpid",
            )?,
            corpsecret: either(
                arguments.corpsecret.as_ref(),
                wecom.map(|one| &one.corpsecret),
                "--corpsecret",
            )?,
            program_id: either(
                arguments.program_id.as_ref(),
                wecom.map(|one| &one.program_id),
                "--program-id",
            )?,
            token: either(
                arguments.token.as_ref(),
                wecom.map(|one| &one.token),
                "--token",
            )?,
            encoding_aes_key: either(
                arguments.encoding_aes_key.as_ref(),
                wecom.map(|one| &one.encoding_aes_key),
                "--encoding-aes-key",
            )?,
            private_key_pem: either(
                key.as_ref(),
                wecom.map(|one| &one.private_key_pem),
                "--private-key-file",
            )?,
        })
    }
}

fn either<T: Clone>(given: Option<&T>, ready: Option<&T>, flag: &str) -> anyhow::Result<T> {
    let found = given.or(ready).cloned();
    found.with_context(|| format!("give {flag}, or --ready-file of a running `ringback dev`"))
}

fn read_ready(path: &Path) -> anyhow::Result<Ready> {
    let text = read(path)?;
    // The parser's own words may quote what is in the file.
    let ready = serde_json::from_slice(&text).ok();
    ready.with_context(|| format!("`{}` is not a ready file with a WeCom app", path.display()))
}

fn read_key(path: &Path) -> anyhow::Result<Secret> {
    Ok(Secret::from(read(path)?))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}
