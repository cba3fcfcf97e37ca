//! A sample app server: what stands outside the zone.
//!
//! It takes `program_notify` callbacks, asks the zone program for the event behind each
//! (`get_callback_data`), pulls message records with the event's token (`invoke_sync_msg`), opens
//! the key of each message with the corp's private key, and prints one line a message (sheet
//! wecom-zone-app, 8). It never sees what a message says: that stays in the zone.

mod http;
mod platform;
mod pull;
mod receive;
mod secret_key;
mod settings;

use anyhow::Context as _;
use clap::Parser;
use ringback_types::Secret;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::platform::Platform;
use crate::pull::Puller;
use crate::secret_key::PrivateKey;
use crate::settings::{Arguments, Settings};

/// How many notices may wait to be worked on.
const WAITING: usize = 1024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = Settings::of(&arguments)?;
    let key = PrivateKey::parse(&settings.private_key_pem)?;
    let receiver = receive::receiver(&settings)?;
    let platform = Platform::new(settings)?;
    let mut puller = Puller::new(platform, key, &arguments)?;
    let (notices, waiting) = mpsc::channel(WAITING);

    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let mut stop = signal(SignalKind::terminate())?;
    eprint(&format_args!("listening on {}", listener.local_addr()?));
    let served = axum::serve(listener, receive::router(receiver, notices));
    tokio::select! {
        ended = served => Ok(ended?),
        () = puller.run(waiting) => Ok(()),
        _ = stop.recv() => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Says something that is no data.
fn eprint(text: &dyn std::fmt::Display) {
    use std::io::Write as _;
    // Where nobody reads there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A secret that must be a text.
fn text_of(secret: &Secret) -> anyhow::Result<&str> {
    secret.expose_str().context("a secret is not a text")
}
