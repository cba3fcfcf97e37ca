//! WeCom callbacks, both halves: the GET that checks a URL and the POST that brings a message or event.
//!
//! The protocol is sheet `wecom-zone-app`, section 5; section numbers in this module are that sheet's.
//! Everything is encrypted and the signature stands in the query. What is inside the envelope is XML,
//! handed on byte for byte.

mod challenge;
mod crypto;
mod notify;
mod query;
mod receive;
mod send;
mod xml;

pub use challenge::{ChallengeFailure, challenge, judge_challenge};
pub use crypto::{EncodingAesKey, KeyError, decrypt, encrypt, sign};
pub use notify::ProgramNotify;
pub use query::SIGNED_PARAMETERS;
pub use receive::{Acknowledgement, DEFAULT_TOLERANCE, Receiver, precheck};
pub use send::{Sender, judge_event};

use ringback_types::Secret;

/// What an app's callback page and its receiver both know (5.1, 5.3).
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Takes part in every signature.
    pub token: Secret,
    /// Encrypts and decrypts.
    pub aes_key: EncodingAesKey,
    /// Stands behind every encrypted message: the corp id for an app of a corp, the suite id for the
    /// events of a suite, empty for an individual owner.
    pub receive_id: String,
}
