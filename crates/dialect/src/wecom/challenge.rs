//! The platform's check of a callback URL (5.1), and what is wrong with an answer to it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use ringback_types::{Code, Coded, WireTime};

use super::send::Salt;
use super::{Secrets, encrypt, query};
use crate::Answer;

/// The query of the GET that checks a URL: `echo` encrypted, signed, each value encoded.
pub fn challenge(secrets: &Secrets, echo: &str, now: WireTime, random: [u8; 32]) -> String {
    let Salt { prefix, nonce } = Salt::of(random);
    let encrypted = encrypt(
        &secrets.aes_key,
        prefix,
        echo.as_bytes(),
        &secrets.receive_id,
    );
    query::signed_echo(secrets, &encrypted, now, nonce)
}

/// What is wrong with the answer to a check; the platform itself only says
/// [`ChallengeFailure::platform_message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeFailure {
    /// A redirect; none is followed.
    #[error("the answer has status {}, a redirect, which is not followed", .0.as_u16())]
    Redirect(StatusCode),
    /// Nothing serves GET there.
    #[error("the answer has status 405: GET is not served on this path")]
    MethodNotAllowed,
    /// The body of an error speaks of a signature.
    #[error("the answer has status {} and refuses the signature", .0.as_u16())]
    SignatureRefused(StatusCode),
    /// The body of an error speaks of the receive id.
    #[error("the answer has status {} and refuses the receive id", .0.as_u16())]
    ReceiveIdRefused(StatusCode),
    /// The body of an error speaks of decryption, padding or base64.
    #[error("the answer has status {} because `echostr` could not be decrypted", .0.as_u16())]
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
    /// A byte order mark before the right text.
    #[error("the answer begins with a byte order mark")]
    ByteOrderMark,
    /// Quotes round the right text.
    #[error("the answer has quotes round the decrypted text")]
    Quotes,
    /// A line break or blanks round the right text.
    #[error("the answer has a line break or blanks round the decrypted text")]
    Whitespace,
    /// `echostr` as it came.
    #[error("the answer is the encrypted `echostr`, not the decrypted text")]
    Encrypted,
    /// The decrypted bytes, not cut.
    #[error("the answer is more of the decrypted bytes than the message in them")]
    NotCut,
    /// The right text inside JSON or XML.
    #[error("the answer has the decrypted text inside JSON or XML")]
    Wrapped,
    /// Another text.
    #[error("the answer is another text than was sent")]
    Wrong,
}

impl ChallengeFailure {
    /// What the platform's console shows, whatever the cause.
    pub fn platform_message(&self) -> &'static str {
        "openapi回调地址请求不通过"
    }
}

impl Coded for ChallengeFailure {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Redirect(_) => "wecom.challenge_redirect",
            Self::MethodNotAllowed => "wecom.challenge_method_not_allowed",
            Self::SignatureRefused(_) => "wecom.challenge_signature_refused",
            Self::ReceiveIdRefused(_) => "wecom.challenge_receive_id_refused",
            Self::NotDecrypted(_) => "wecom.challenge_not_decrypted",
            Self::HtmlStatus(_) => "wecom.challenge_html_status",
            Self::Status(_) => "wecom.challenge_status",
            Self::Empty => "wecom.challenge_empty",
            Self::Html => "wecom.challenge_html",
            Self::ByteOrderMark => "wecom.challenge_byte_order_mark",
            Self::Quotes => "wecom.challenge_quotes",
            Self::Whitespace => "wecom.challenge_whitespace",
            Self::Encrypted => "wecom.challenge_encrypted",
            Self::NotCut => "wecom.challenge_not_cut",
            Self::Wrapped => "wecom.challenge_wrapped",
            Self::Wrong => "wecom.challenge_wrong",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Redirect(_) => "give the address that it redirects to as the URL",
            Self::MethodNotAllowed => {
                "serve GET and POST on the same path: GET checks the URL, POST brings events"
            }
            Self::SignatureRefused(_) => {
                "give the server the Token of the callback page, and sign `echostr` URL-decoded: `%2B` is `+`, `%3D` is `=`"
            }
            Self::ReceiveIdRefused(_) => {
                "give the server the receive id: the corp id, or the suite id for callbacks of a suite"
            }
            Self::NotDecrypted(_) => {
                "give the server the EncodingAESKey of the callback page, decode its 43 characters with `=` behind them, and take padding of 1 to 32 bytes off"
            }
            Self::HtmlStatus(_) | Self::Html => {
                "something before the server answers (login page, tunnel notice, proxy): let GET through to it, and check the path"
            }
            Self::Status(_) => {
                "check the path, and answer GET on it with status 200 and the decrypted text"
            }
            Self::Empty => "answer the decrypted `echostr`, not status 200 alone",
            Self::ByteOrderMark => "write the answer as UTF-8 without a byte order mark",
            Self::Quotes => {
                "write the text itself as the body, not a JSON string of it: without quotes"
            }
            Self::Whitespace => "write the text without a line break or blank before or behind it",
            Self::Encrypted => {
                "decrypt `echostr` with the EncodingAESKey and answer what is inside"
            }
            Self::NotCut => {
                "cut the 16 random bytes, the 4 bytes of length and the receive id away, and answer what is between"
            }
            Self::Wrapped => "answer the decrypted text alone, as plain text",
            Self::Wrong => {
                "answer the `echostr` of this very request, decrypted and otherwise unchanged"
            }
        }))
    }
}

/// Whether the platform would take this answer: status 200 and the exact text. Time is the caller's to
/// judge.
pub fn judge_challenge(answer: &Answer<'_>, expected: &str) -> Result<(), ChallengeFailure> {
    if answer.status != StatusCode::OK {
        return Err(judge_status(answer));
    }
    if answer.body == expected.as_bytes() {
        return Ok(());
    }
    Err(judge_body(answer.body, expected))
}

/// What an error says, in the words of the usual libraries and what is often written by hand.
fn judge_status(answer: &Answer<'_>) -> ChallengeFailure {
    let status = answer.status;
    let body = String::from_utf8_lossy(answer.body).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    if status.is_redirection() {
        ChallengeFailure::Redirect(status)
    } else if is_html(&body) {
        ChallengeFailure::HtmlStatus(status)
    } else if status == StatusCode::METHOD_NOT_ALLOWED {
        ChallengeFailure::MethodNotAllowed
    } else if says(&[
        "receiveid",
        "receive_id",
        "receive id",
        "corpid",
        "corp id",
        "-40005",
    ]) {
        ChallengeFailure::ReceiveIdRefused(status)
    } else if says(&["signature", "签名", "-40001"]) {
        ChallengeFailure::SignatureRefused(status)
    } else if says(&[
        "padding", "decrypt", "cipher", "base64", "aeskey", "解密", "-40007",
    ]) {
        ChallengeFailure::NotDecrypted(status)
    } else {
        ChallengeFailure::Status(status)
    }
}

fn judge_body(body: &[u8], expected: &str) -> ChallengeFailure {
    let text = String::from_utf8_lossy(body);
    let bare = text.trim_start_matches('\u{feff}').trim();
    let quotes = ['"', '\'', '“', '”'];
    if bare.is_empty() {
        ChallengeFailure::Empty
    } else if bare == expected && text.starts_with('\u{feff}') {
        ChallengeFailure::ByteOrderMark
    } else if bare == expected {
        ChallengeFailure::Whitespace
    } else if bare.trim_matches(quotes).trim() == expected {
        ChallengeFailure::Quotes
    } else if is_html(bare) {
        ChallengeFailure::Html
    } else if is_encrypted(bare.trim_matches(quotes)) {
        ChallengeFailure::Encrypted
    } else if !text.contains(expected) {
        ChallengeFailure::Wrong
    } else if bare.starts_with(['{', '[', '<']) {
        ChallengeFailure::Wrapped
    } else {
        ChallengeFailure::NotCut
    }
}

/// Whether this looks like `echostr` itself, URL-decoded or not: base64 of whole blocks.
fn is_encrypted(text: &str) -> bool {
    let text = percent_decode_str(text).decode_utf8_lossy();
    STANDARD
        .decode(text.as_bytes())
        .is_ok_and(|bytes| bytes.len() >= 32 && bytes.len().is_multiple_of(16))
}

fn is_html(text: &str) -> bool {
    let start: String = text
        .trim()
        .chars()
        .take(32)
        .collect::<String>()
        .to_lowercase();
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| start.starts_with(tag))
}
