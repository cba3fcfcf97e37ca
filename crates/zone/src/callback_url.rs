//! Saving an app's data-callback URL: only after the check (app sheet, 5.1).

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use ringback_deliver::guard::{UrlRefusal as BadUrl, check_url};
use ringback_deliver::{Limits, Probe, TransportFailure, probe::Report};
use ringback_dialect::WireRequest;
use ringback_dialect::wecom::{self, ChallengeFailure, KeyError};
use ringback_types::{Clock, Code, Coded, Deadline, Random};
use url::Url;

/// A check's answer is one short text.
const ANSWER_CAP_BYTES: usize = 64 << 10;

/// Why a callback URL is not saved.
#[derive(Debug, thiserror::Error)]
pub enum UrlRefusal {
    /// The text is no URL that the platform takes.
    #[error(transparent)]
    Url(#[from] BadUrl),
    /// The Token breaks its rule.
    #[error("the Token must be 1 to 32 letters and digits")]
    Token,
    /// The EncodingAESKey is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No answer came back.
    #[error(transparent)]
    Transport(#[from] TransportFailure),
    /// An answer came back, and it is not the right one.
    #[error(transparent)]
    Answer(#[from] ChallengeFailure),
}

impl Coded for UrlRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Url(error) => error.code(),
            Self::Token => Code::new("wecom.bad_token"),
            Self::Key(error) => error.code(),
            Self::Transport(error) => error.code(),
            Self::Answer(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Url(error) => error.hint(),
            Self::Token => None,
            Self::Key(error) => error.hint(),
            Self::Transport(TransportFailure::Late { .. }) => {
                Some("answer the GET within one second, before any other work".into())
            }
            Self::Transport(error) => error.hint(),
            Self::Answer(error) => error.hint(),
        }
    }
}

/// The Token and EncodingAESKey as the platform takes them (app sheet, 5.1).
pub(crate) fn check_token(token: &ringback_types::Secret) -> Result<(), UrlRefusal> {
    let text = token.expose_str().unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric();
    if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(());
    }
    Err(UrlRefusal::Token)
}

/// Sends the check to `url` as the platform does when the settings are saved, and judges the answer.
pub async fn check(
    probe: &Probe,
    url: &str,
    secrets: &wecom::Secrets,
    clock: &Clock,
    random: &Random,
    within: Duration,
) -> Result<(Url, Report), UrlRefusal> {
    let url = check_url(url)?;
    let echo = u64::from_be_bytes(random.secret()).to_string();
    let query = wecom::challenge(secrets, &echo, clock.wire(), random.secret());
    let request = WireRequest {
        query: Some(query),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let limits = Limits {
        deadline: Deadline::after(within),
        connect: within,
        answer_cap_bytes: ANSWER_CAP_BYTES,
    };
    let report = probe.get(&url, request, &limits).await;
    let answer = report.outcome.clone()?;
    wecom::judge_challenge(&answer.as_dialect(), &echo)?;
    Ok((url, report))
}
