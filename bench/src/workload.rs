//! The events: encrypted, signed, 1 KB, each with an id of its own, made before the clock runs.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use ringback_dialect::{Outgoing, Sender, feishu};
use ringback_types::{Clock, Random, Secret};

/// The Encrypt Key and the Verification Token of the measured source.
pub(crate) const ENCRYPT_KEY: &str = "bench-encrypt-key";
pub(crate) const TOKEN: &str = "bench-verification-token";

/// So many whole HTTP requests, `tag` keeping their event ids apart from other runs'.
pub(crate) fn events(
    address: SocketAddr,
    path: &str,
    tag: &str,
    count: usize,
) -> Result<Arc<Vec<Bytes>>> {
    let sender = Sender::Feishu(feishu::Sender::new(feishu::Secrets {
        encrypt_key: Some(feishu::EncryptKey::new(Secret::from(ENCRYPT_KEY))),
        verification_token: Secret::from(TOKEN),
    }));
    let (clock, random) = (Clock::real(), Random::system());
    let padding = "x".repeat(560);
    let mut requests = Vec::with_capacity(count);
    for number in 0..count {
        let body = Bytes::from(format!(
            r#"{{"schema":"2.0","header":{{"event_id":"{tag}{number:024x}","token":"","create_time":"1774004563541","event_type":"application.bot.menu_v6","tenant_key":"2ca1d211f64f6438","app_id":"cli_a1b2c3d4e5f60718"}},"event":{{"operator":{{"operator_name":"{padding}","operator_id":{{"union_id":"on_8ed6aa67826108097d9ee143816345","user_id":"e33ggbyz","open_id":"ou_84aad35d084aa403a838cf73ee18467"}}}},"event_key":"menu","timestamp":"1669364458"}}}}"#
        ));
        let outgoing = Outgoing {
            event_id: "",
            event_type: "application.bot.menu_v6",
            body: &body,
            raw: None,
        };
        let wire = sender
            .encode(&outgoing, clock.wire(), random.bytes())
            .context("encode an event")?;
        requests.push(request(address, path, &wire.headers, &wire.body));
    }
    Ok(Arc::new(requests))
}

fn request(address: SocketAddr, path: &str, headers: &http::HeaderMap, body: &[u8]) -> Bytes {
    let mut text = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        if name != http::header::CONTENT_LENGTH {
            for part in [
                name.as_str(),
                ": ",
                value.to_str().unwrap_or_default(),
                "\r\n",
            ] {
                text.push_str(part);
            }
        }
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes.into()
}

/// The number of the event in a body that arrived.
pub(crate) fn number_of(body: &[u8]) -> Option<usize> {
    const BEFORE: &[u8] = br#""event_id":""#;
    let start = body
        .windows(BEFORE.len())
        .position(|window| window == BEFORE)?
        + BEFORE.len();
    let digits = std::str::from_utf8(body.get(start + 8..start + 32)?).ok()?;
    usize::from_str_radix(digits, 16).ok()
}
