//! The doctor: does to a URL what a platform does, times it, and names the cause and the sentence
//! that fixes it (design, section 1).
//!
//! What decides is exactly what saving the URL does (`ringback_feishu::request_url::check`,
//! `ringback_dialect::wecom::judge_challenge`), or what a flow does with an answer
//! (`ringback_dialect::desk::check_answer`); around it stand further questions that only a doctor
//! asks: would the other form of the challenge pass, is a signature demanded where none is ever sent,
//! is a parameter not decoded, does a forged event get through.

mod desk;
mod echo;
mod experiment;
mod feishu;
mod finding;
mod instrument;
mod invocation;
mod reach;
mod standard;
mod timing;
mod tls;
mod wecom;

pub(crate) use desk::examine as examine_desk;
pub(crate) use feishu::examine as examine_feishu;
pub(crate) use finding::{Check, Finding, Outcome, Purpose, Report};
pub(crate) use instrument::Instrument;
pub(crate) use standard::examine as examine_standard;
pub(crate) use wecom::examine as examine_wecom;

use ringback_types::Secret;

/// What is to be examined.
#[derive(Debug, Clone)]
pub(crate) struct Patient {
    /// The URL as it was typed in.
    pub(crate) url: String,
    /// Whether a private or loopback address is fine.
    pub(crate) local: bool,
    /// Whether events are sent too, once the challenge has passed.
    pub(crate) events: bool,
    /// The type of those events.
    pub(crate) event_type: String,
    /// The variables that a call brings besides those of the session (desk).
    pub(crate) inputs: Vec<(String, String)>,
    /// What the platform and the server both know.
    pub(crate) secrets: Secrets,
}

/// The secrets that the server is said to have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    /// Verification Token (feishu), Token (wecom), token of the callback authentication (desk).
    pub(crate) token: Option<Secret>,
    /// Encrypt Key (feishu).
    pub(crate) encrypt_key: Option<Secret>,
    /// Signing key, `whsec_…` (standard).
    pub(crate) signing_key: Option<Secret>,
    /// EncodingAESKey (wecom).
    pub(crate) encoding_aes_key: Option<Secret>,
    /// Corp id or suite id (wecom); no secret.
    pub(crate) receive_id: Option<String>,
    /// `SdkAppid` (desk); no secret.
    pub(crate) sdk_app_id: Option<String>,
}
