//! Why a message is refused: one reason a check for the log, one SDK code for the peer.

use std::borrow::Cow;
use std::fmt;

use ringback_types::{Code, Coded};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $sdk_code:literal, $message:literal;)*) => {
        /// The check that a message failed, in the order in which they are made.
        ///
        /// The log says which; the peer learns [`Reason::code`] only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The SDK's code (sheet `wecom-zone-sdk`, section 5.3).
            pub const fn code(self) -> i32 {
                match self {
                    $(Self::$variant => $sdk_code,)*
                }
            }

            /// The name in logs and vectors.
            pub const fn as_str(self) -> &'static str {
                self.stable_name().split_at("zone.".len()).1
            }

            /// What happened, in a sentence without a full stop.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => $message,)*
                }
            }

            const fn stable_name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

reasons! {
    /// `ww-channel` is not `1`, once. Another version is never negotiated.
    Channel = "zone.channel", -10008, "`ww-channel` is not `1`";
    /// `ww-key-id` is missing, malformed or there twice.
    KeyIdFormat = "zone.key_id_format", -10008, "`ww-key-id` is not one key id";
    /// Nobody has this key id.
    KeyIdUnknown = "zone.key_id_unknown", -10008, "nobody has this key id";
    /// `ww-secret-ver` is missing, not a decimal number or there twice.
    VersionFormat = "zone.version_format", -10008, "`ww-secret-ver` is not one decimal number";
    /// The key id has no live secret of this version.
    VersionUnknown = "zone.version_unknown", -10008, "there is no live secret of this version";
    /// A header that is signed, or signs, comes more than once.
    HeaderRepeated = "zone.header_repeated", -10004, "a header of the channel comes more than once";
    /// `ww-timestamp` is missing or not a number of milliseconds.
    TimestampFormat = "zone.timestamp_format", -10004, "`ww-timestamp` is not a number of milliseconds";
    /// The timestamp is more than [`TOLERANCE`](super::TOLERANCE) from now.
    TimestampStale = "zone.timestamp_stale", -10004, "the timestamp is more than 300 s from now";
    /// `ww-nonce` is missing or not 16 bytes of base64url.
    NonceFormat = "zone.nonce_format", -10004, "`ww-nonce` is not 16 bytes of base64url";
    /// `ww-request-id` is not 16 bytes of base64url, or missing in a request.
    RequestIdFormat = "zone.request_id_format", -10004, "`ww-request-id` is not 16 bytes of base64url";
    /// `ww-outcome` is not `ok` or `error` in a reply, or there in a request.
    OutcomeFormat = "zone.outcome_format", -10004, "`ww-outcome` is not `ok` or `error` in a reply, or it is there in a request";
    /// `ww-signature` is missing or not base64 of 32 bytes.
    SignatureFormat = "zone.signature_format", -10004, "`ww-signature` is not 32 bytes of base64";
    /// The signature does not fit the headers, the flow, the target and the body.
    SignatureMismatch = "zone.signature_mismatch", -10004, "the signature does not fit the message";
    /// The reply names another request than the one it came as an answer to.
    OtherRequest = "zone.other_request", -10004, "the reply names another request";
    /// The reply names no request, and the binding is strict.
    Unbound = "zone.unbound", -10004, "the reply names no request";
    /// A message with this nonce has been taken before.
    NonceSeen = "zone.nonce_seen", -10004, "the nonce has been used before";
    /// More messages came in a short time than nonces can be remembered.
    NoncesFull = "zone.nonces_full", -10001, "there is no room to remember another nonce";
    /// The body is not `{"encrypt":"…"}`.
    BodyShape = "zone.body_shape", -10005, "the body is not an object with nothing but `encrypt`";
    /// `encrypt` is not base64.
    Base64 = "zone.base64", -10005, "`encrypt` is not base64";
    /// The encrypted text does not fit its key, headers and tag.
    Decryption = "zone.decryption", -10005, "the encrypted text cannot be decrypted";
    /// The plaintext is not the JSON that its flow has.
    PlaintextNotJson = "zone.plaintext_not_json", -10009, "the plaintext is not the expected JSON";
    /// There is no API of this name.
    ApiUnknown = "zone.api_unknown", -10006, "there is no API of this name";
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message())
    }
}

impl std::error::Error for Reason {}

impl Coded for Reason {
    fn code(&self) -> Code {
        Code::new(self.stable_name())
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        self.advice().map(Cow::Borrowed)
    }
}

impl Reason {
    /// The sentence that fixes it, where one is likely to.
    const fn advice(self) -> Option<&'static str> {
        match self {
            Self::Channel => {
                Some("use an SDK of this channel version; check that no proxy drops `ww-*` headers")
            }
            Self::KeyIdUnknown => {
                Some("let the program read the credentials file of its own instance")
            }
            Self::VersionUnknown => Some(
                "read the credentials file again; in debug mode open again, the access_token may have expired",
            ),
            Self::TimestampStale => Some("set the clocks right"),
            Self::SignatureMismatch => Some(
                "pass headers and body on unchanged, and check that both ends have the same secret",
            ),
            Self::OtherRequest => Some("build each reply from the request that it answers"),
            Self::Unbound => Some(
                "build the reply from its request, or set the program's `reply_binding` to `loose`",
            ),
            Self::NonceSeen => Some("seal every message anew, also when a request is tried again"),
            Self::ApiUnknown => Some("check the name; the SDK may be too old"),
            Self::KeyIdFormat
            | Self::VersionFormat
            | Self::HeaderRepeated
            | Self::TimestampFormat
            | Self::NonceFormat
            | Self::RequestIdFormat
            | Self::OutcomeFormat
            | Self::SignatureFormat
            | Self::NoncesFull
            | Self::BodyShape
            | Self::Base64
            | Self::Decryption
            | Self::PlaintextNotJson => None,
        }
    }
}
