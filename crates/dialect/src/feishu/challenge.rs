//! The platform's check of a request URL (1.2, 1.3), and what is wrong with an answer to it.

use std::borrow::Cow;

use bytes::Bytes;
use http::StatusCode;
use ringback_types::{Code, Coded};
use serde_json::Value;

use super::Secrets;
use super::envelope::json_string;
use super::send::{halves, seal, unsigned};
use crate::json::too_deep;
use crate::{Answer, WireRequest};

/// The body of a challenge in clear, keys in the platform's order.
pub fn challenge_body(secrets: &Secrets, challenge: &str) -> Bytes {
    let token = secrets.verification_token.expose_str().unwrap_or_default();
    let (challenge, token) = (json_string(challenge), json_string(token));
    Bytes::from(format!(
        r#"{{"challenge":{challenge},"token":{token},"type":"url_verification"}}"#
    ))
}

/// The challenge as the platform sends it: encrypted where there is an Encrypt Key, never signed.
pub fn challenge(secrets: &Secrets, challenge: &str, random: [u8; 32]) -> WireRequest {
    let body = challenge_body(secrets, challenge);
    let [iv, _] = halves(random);
    match &secrets.encrypt_key {
        Some(key) => unsigned(seal(key, iv, &body)),
        None => unsigned(body),
    }
}

/// What is wrong with the answer to a challenge; the platform itself only says
/// [`ChallengeFailure::platform_message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeFailure {
    /// A redirect; none is followed.
    #[error("the answer has status {}, a redirect, which is not followed", .0.as_u16())]
    Redirect(StatusCode),
    /// The body of an error speaks of a signature.
    #[error("the answer has status {} and asks for a signature, but a challenge is never signed", .0.as_u16())]
    SignatureDemanded(StatusCode),
    /// The body of an error speaks of the verification token.
    #[error("the answer has status {} and refuses the Verification Token", .0.as_u16())]
    TokenRefused(StatusCode),
    /// The body of an error speaks of decryption or padding.
    #[error("the answer has status {} because the challenge could not be decrypted", .0.as_u16())]
    NotDecrypted(StatusCode),
    /// An error page.
    #[error("the answer has status {} and is an HTML page", .0.as_u16())]
    HtmlStatus(StatusCode),
    /// Any other status than 200.
    #[error("the answer has status {} instead of 200", .0.as_u16())]
    Status(StatusCode),
    /// 200 with nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// 200 with a page in it.
    #[error("the answer is an HTML page")]
    Html,
    /// A byte order mark before the JSON.
    #[error("the answer begins with a byte order mark")]
    ByteOrderMark,
    /// The challenge itself instead of an object.
    #[error("the answer is the bare challenge, not a JSON object")]
    Bare,
    /// The right JSON, written as a string once more.
    #[error("the answer is JSON inside a JSON string, in quotes")]
    Quoted,
    /// Not JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// JSON, but not an object.
    #[error("the answer is JSON, but not an object")]
    NotObject,
    /// The answer was encrypted.
    #[error("the answer is encrypted")]
    Encrypted,
    /// The challenge stands one level down, in `data` or the like.
    #[error("the answer has `challenge` inside another member, not at the top")]
    Nested,
    /// There is no `challenge`.
    #[error("the answer has no member `challenge`")]
    Missing,
    /// `challenge` is not a string.
    #[error("`challenge` in the answer is not a string")]
    NotString,
    /// The right challenge with quotes or white space round it.
    #[error("`challenge` in the answer has quotes or white space round it")]
    Padded,
    /// Another challenge.
    #[error("`challenge` in the answer is another one than was sent")]
    Wrong,
}

impl ChallengeFailure {
    /// What the platform's console shows (1.3).
    pub fn platform_message(&self) -> &'static str {
        match self {
            Self::Html | Self::HtmlStatus(_) | Self::NotJson | Self::Bare | Self::ByteOrderMark => {
                "返回数据不是合法的 JSON 格式"
            }
            Self::Redirect(_)
            | Self::SignatureDemanded(_)
            | Self::TokenRefused(_)
            | Self::NotDecrypted(_)
            | Self::Status(_)
            | Self::Empty
            | Self::Quoted
            | Self::NotObject
            | Self::Encrypted
            | Self::Nested
            | Self::Missing
            | Self::NotString
            | Self::Padded
            | Self::Wrong => "Challenge code 没有返回",
        }
    }
}

impl Coded for ChallengeFailure {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Redirect(_) => "feishu.challenge_redirect",
            Self::SignatureDemanded(_) => "feishu.challenge_signature_demanded",
            Self::TokenRefused(_) => "feishu.challenge_token_refused",
            Self::NotDecrypted(_) => "feishu.challenge_not_decrypted",
            Self::HtmlStatus(_) => "feishu.challenge_html_status",
            Self::Status(_) => "feishu.challenge_status",
            Self::Empty => "feishu.challenge_empty",
            Self::Html => "feishu.challenge_html",
            Self::ByteOrderMark => "feishu.challenge_byte_order_mark",
            Self::Bare => "feishu.challenge_bare",
            Self::Quoted => "feishu.challenge_quoted",
            Self::NotJson => "feishu.challenge_not_json",
            Self::NotObject => "feishu.challenge_not_object",
            Self::Encrypted => "feishu.challenge_encrypted",
            Self::Nested => "feishu.challenge_nested",
            Self::Missing => "feishu.challenge_missing_in_answer",
            Self::NotString => "feishu.challenge_not_string",
            Self::Padded => "feishu.challenge_padded",
            Self::Wrong => "feishu.challenge_wrong",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Redirect(_) => "give the address that it redirects to as the request URL",
            Self::SignatureDemanded(_) => {
                "check signatures on events only: decrypt first, and answer `url_verification` by its token"
            }
            Self::TokenRefused(_) => {
                "give the server the Verification Token that the app has; resetting it makes a new one"
            }
            Self::NotDecrypted(_) => {
                "give the server the Encrypt Key that the app has, or clear the app's if the server has none"
            }
            Self::HtmlStatus(_) | Self::Html => {
                "something before the server answers (login page, tunnel notice, proxy): let POST through to it, and check the path"
            }
            Self::Status(_) => "answer POST on this path with status 200",
            Self::Empty => "answer `{\"challenge\":\"…\"}`, not status 200 alone",
            Self::ByteOrderMark => "write the answer as UTF-8 without a byte order mark",
            Self::Bare => "answer `{\"challenge\":\"…\"}`, not the challenge alone",
            Self::Quoted => "return the object, not its text: it is serialised twice",
            Self::NotJson | Self::NotObject => "answer `{\"challenge\":\"…\"}` as JSON",
            Self::Encrypted => "answer in clear: only requests are encrypted",
            Self::Nested => "put `challenge` at the top of the answer, without a wrapper",
            Self::Missing => {
                "answer the `challenge` of the request; where an Encrypt Key is set it stands inside the decrypted `encrypt`"
            }
            Self::NotString | Self::Padded | Self::Wrong => {
                "answer the `challenge` of this very request, unchanged"
            }
        }))
    }
}

/// Whether the platform would take this answer: status 200, JSON, and the same challenge. Time is
/// the caller's to judge.
pub fn judge_challenge(answer: &Answer<'_>, challenge: &str) -> Result<(), ChallengeFailure> {
    if answer.status != StatusCode::OK {
        return Err(judge_status(answer));
    }
    let text = String::from_utf8_lossy(answer.body);
    let text = text.trim();
    if text.is_empty() {
        return Err(ChallengeFailure::Empty);
    }
    if text == challenge {
        return Err(ChallengeFailure::Bare);
    }
    if too_deep(answer.body) {
        return Err(ChallengeFailure::NotJson);
    }
    match serde_json::from_slice(answer.body) {
        Ok(value) => judge_json(&value, challenge),
        Err(_) if text.starts_with('\u{feff}') => Err(ChallengeFailure::ByteOrderMark),
        Err(_) if is_html(text) => Err(ChallengeFailure::Html),
        Err(_) => Err(ChallengeFailure::NotJson),
    }
}

/// What an error says, in the words of the official SDKs and what is often written by hand.
fn judge_status(answer: &Answer<'_>) -> ChallengeFailure {
    let status = answer.status;
    let body = String::from_utf8_lossy(answer.body).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    if status.is_redirection() {
        ChallengeFailure::Redirect(status)
    } else if is_html(body.trim()) {
        ChallengeFailure::HtmlStatus(status)
    } else if says(&[
        "verification_token",
        "verification token",
        "verificationtoken",
    ]) {
        ChallengeFailure::TokenRefused(status)
    } else if says(&["signature", "x-lark-"]) {
        ChallengeFailure::SignatureDemanded(status)
    } else if says(&["padding", "decrypt", "cipher", "encrypt_key", "encrypt key"]) {
        ChallengeFailure::NotDecrypted(status)
    } else {
        ChallengeFailure::Status(status)
    }
}

fn judge_json(value: &Value, challenge: &str) -> Result<(), ChallengeFailure> {
    let members = match value {
        Value::Object(members) => members,
        Value::String(text) if text.trim() == challenge => return Err(ChallengeFailure::Bare),
        Value::String(text) if text.contains("challenge") => return Err(ChallengeFailure::Quoted),
        _ => return Err(ChallengeFailure::NotObject),
    };
    match members.get("challenge") {
        Some(Value::String(answered)) => judge_text(answered, challenge),
        Some(Value::Null) => Err(ChallengeFailure::Missing),
        Some(_) => Err(ChallengeFailure::NotString),
        None if members.contains_key("encrypt") => Err(ChallengeFailure::Encrypted),
        None if members
            .values()
            .any(|inner| inner.get("challenge").is_some()) =>
        {
            Err(ChallengeFailure::Nested)
        }
        None => Err(ChallengeFailure::Missing),
    }
}

fn judge_text(answered: &str, challenge: &str) -> Result<(), ChallengeFailure> {
    let around = |character: char| character.is_whitespace() || matches!(character, '"' | '\'');
    if answered == challenge {
        Ok(())
    } else if answered.trim_matches(around) == challenge {
        Err(ChallengeFailure::Padded)
    } else if answered.is_empty() {
        Err(ChallengeFailure::Missing)
    } else {
        Err(ChallengeFailure::Wrong)
    }
}

fn is_html(text: &str) -> bool {
    let start: String = text.chars().take(32).collect::<String>().to_lowercase();
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| start.starts_with(tag))
}
