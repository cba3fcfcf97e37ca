//! Which server a command asks: flags, environment, or the ready file of this user's `dev`.

use ringback_types::Secret;
use url::Url;

use super::Client;
use crate::cli::Connection;
use crate::environment;
use crate::failure::Failure;
use crate::ready_file::Ready;

impl Client {
    /// The client of the server that the flags name, or else of this user's running `dev`.
    pub(crate) fn locate(connection: &Connection) -> Result<Self, Failure> {
        let connection = &connection.clone().without_empty();
        let ready = ready(connection)?;
        let from_ready = ready.as_ref().map(|ready| (&ready.url, &ready.admin_token));
        let url = connection
            .url
            .as_ref()
            .or_else(|| from_ready.map(|(url, _)| url))
            .ok_or_else(no_server)?;
        let token = connection
            .token
            .as_ref()
            .or_else(|| from_ready.map(|(_, token)| token))
            .ok_or_else(no_token)?;
        Ok(Self::new(parse(url)?, Secret::from(token.as_str())).trusting(connection.ca.clone()))
    }
}

/// The ready file that applies: the one that is named, or the well-known one when nothing is.
fn ready(connection: &Connection) -> Result<Option<Ready>, Failure> {
    if let Some(path) = &connection.ready_file {
        return Ready::read(path).map(Some);
    }
    if connection.url.is_some() {
        return Ok(None);
    }
    let known = environment::well_known_ready_file().filter(|path| path.exists());
    known.map(|path| Ready::read(&path)).transpose()
}

fn parse(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    url.ok_or_else(|| {
        Failure::usage(
            "client.url",
            format!("`{text}` is not an http or https URL"),
        )
        .with_hint("write it as `http://127.0.0.1:7300`")
    })
}

fn no_server() -> Failure {
    Failure::unreachable(
        "client.no_server",
        "no server is named and no `ringback dev` runs here",
    )
    .with_hint("start `ringback dev`, or give `--url` and `--token`, or give `--ready-file`")
}

fn no_token() -> Failure {
    Failure::unreachable(
        "client.no_token",
        "there is no management token for the server",
    )
    .with_hint("give it with `--token` or in RINGBACK_TOKEN")
}
