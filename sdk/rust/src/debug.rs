//! Debug mode: the developer's machine becomes the program (design, section 6; sheet
//! wecom-zone-sdk, 7).

use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;
use ringback_dialect::zone::{
    Flow, Frame as _, KeyRing, Keys, OPEN_TARGET, OpenFrame, OpenedFrame,
};
use ringback_types::{Secret, WireTime};

use crate::error::Error;
use crate::exchange::{Question, ask};
use crate::identity::Identity;
use crate::zone::Zone;

/// The debug token's own keys have one version.
const TOKEN_VERSION: u32 = 1;

/// A debug session that has been opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugSession {
    /// The key id that the program speaks as: `program/dbg-<session>`.
    pub key_id: String,
    /// When the session ends; after it every call gives −10008 until it is opened again.
    pub expires_at: WireTime,
}

impl Zone {
    /// Opens debug mode with the debug token of the program and an access token of the app.
    ///
    /// From then on this process is the debug program: it takes that app's requests and speaks for it
    /// (the app's server must call `open_debug_mode` too, in either order). The same tokens give the
    /// same session again, so several worker processes may each open it. Neither token travels in
    /// clear.
    pub async fn open_debug(
        &self,
        debug_token: &str,
        access_token: &str,
    ) -> Result<DebugSession, Error> {
        let settings = &self.inner().settings;
        check_address(&settings.zone_url, settings.allow_http)?;
        let token_holder = token_identity(debug_token, &settings.zone_url)?;
        let frame = OpenFrame {
            access_token: Secret::from(access_token),
        };
        let question = Question {
            flow: Flow::Open,
            reply: Flow::OpenReply,
            target: OPEN_TARGET,
            path: "/zone/open",
            plaintext: &frame.to_json(),
        };
        let answer = ask(self, &token_holder, question).await?;
        let opened = OpenedFrame::read(&answer).map_err(|reason| Error::Unverified { reason })?;
        Ok(self.begin(&opened))
    }

    /// [`Zone::open_debug`] for threads that may wait; not for use inside an async runtime.
    pub fn open_debug_blocking(
        &self,
        debug_token: &str,
        access_token: &str,
    ) -> Result<DebugSession, Error> {
        self.block_on(self.open_debug(debug_token, access_token))?
    }

    fn begin(&self, opened: &OpenedFrame) -> DebugSession {
        let ends = WireTime::from_millis(opened.expires_at.saturating_mul(1000));
        let keys = [(opened.version, Keys::new(&opened.secret))];
        let ring = KeyRing::new(opened.key_id.as_str(), keys);
        let inner = self.inner();
        let identity = Identity::new(ring, &inner.settings.zone_url, Some(ends));
        inner.identities.set_debug(identity);
        DebugSession {
            key_id: opened.key_id.clone(),
            expires_at: ends,
        }
    }
}

/// Who the token itself makes us: its id is in clear, all of its text is the secret.
fn token_identity(token: &str, zone_url: &str) -> Result<Identity, Error> {
    let (id, secret) = token
        .strip_prefix("dbg_")
        .and_then(|rest| rest.split_once('_'))
        .ok_or(Error::DebugToken)?;
    let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
    if id.is_empty() || secret.is_empty() || !visible {
        return Err(Error::DebugToken);
    }
    let keys = [(TOKEN_VERSION, Keys::new(&Secret::from(token)))];
    Ok(Identity::new(KeyRing::new(id, keys), zone_url, None))
}

/// The channel needs no TLS, but a debug session crosses open networks: who watches learns when
/// and how much is said.
fn check_address(url: &str, allow_http: bool) -> Result<(), Error> {
    let refuse = |reason| Error::Address {
        url: url.to_owned(),
        reason,
    };
    let uri: Uri = url.parse().map_err(|_| refuse("it is not a URL"))?;
    let host = uri.host().ok_or_else(|| refuse("it names no host"))?;
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => Ok(()),
        Some(scheme) if *scheme == Scheme::HTTP && (allow_http || is_loopback(host)) => Ok(()),
        Some(scheme) if *scheme == Scheme::HTTP => Err(refuse("plain HTTP goes to loopback only")),
        _ => Err(refuse("it is neither http nor https")),
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || literal
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
