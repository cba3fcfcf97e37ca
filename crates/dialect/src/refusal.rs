//! Why a request is refused.
//!
//! A [`Refusal`] goes to the log only; the peer gets [`refusal_reply`](crate::refusal_reply).

use std::borrow::Cow;
use std::fmt;

use ringback_types::{Code, Coded};

/// Which dialect a receiver or sender speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// Tencent Desk and the Chat webhooks under it.
    Desk,
    /// Feishu event subscription and callbacks.
    Feishu,
    /// Standard Webhooks.
    Standard,
    /// WeCom callbacks.
    Wecom,
}

impl Dialect {
    /// The name as it stands in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Feishu => "feishu",
            Self::Standard => "standard",
            Self::Wecom => "wecom",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $message:literal;)*) => {
        /// The cause of a refusal, one variant an edge case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in logs and vectors.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What happened, in a sentence without a full stop.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => $message,)*
                }
            }

            /// The stable code in a dialect: `feishu.signature_mismatch`.
            pub const fn code(self, dialect: Dialect) -> Code {
                Code::new(match (dialect, self) {
                    $((Dialect::Desk, Self::$variant) => concat!("desk.", $name),)*
                    $((Dialect::Feishu, Self::$variant) => concat!("feishu.", $name),)*
                    $((Dialect::Standard, Self::$variant) => concat!("standard.", $name),)*
                    $((Dialect::Wecom, Self::$variant) => concat!("wecom.", $name),)*
                })
            }
        }
    };
}

reasons! {
    /// The method is not POST; nor GET, where the platform checks URLs with that.
    NotPost = "not_post", "the method is not POST";
    /// The body is not JSON.
    BodyNotJson = "body_not_json", "the body is not JSON";
    /// The body is JSON, but not an object of the right members, or it names one of them twice.
    BodyShape = "body_shape", "the body is not an object of the expected members, each named once";
    /// JSON or XML is nested deeper than 64.
    Depth = "depth", "the body is nested deeper than 64";
    /// The body is not XML.
    BodyNotXml = "body_not_xml", "the body is not XML";
    /// The XML declares a document type, which could define entities.
    Doctype = "doctype", "the XML declares a document type";
    /// An element that is read comes twice or holds other elements.
    ElementForm = "element_form", "an element that is read comes twice or holds other elements";
    /// The XML has no `Encrypt`.
    EncryptMissing = "encrypt_missing", "the body has no `Encrypt`";
    /// An unsigned event or call came in clear although an Encrypt Key is set.
    NotEncrypted = "not_encrypted", "an Encrypt Key is set but the body is neither encrypted nor signed";
    /// The body is encrypted, but no Encrypt Key is set here.
    NoEncryptKey = "no_encrypt_key", "the body is encrypted but no Encrypt Key is set";
    /// The encrypted text is not base64.
    Base64 = "base64", "the encrypted text is not base64";
    /// The decoded length is below 32 or not a multiple of 16.
    CiphertextLength = "ciphertext_length", "the encrypted text is shorter than 32 bytes or not a multiple of 16";
    /// The padding is wrong, which nearly always means a wrong key.
    Padding = "padding", "the padding is wrong after decryption";
    /// The length inside the decrypted text does not fit what is there.
    MessageLength = "message_length", "the length inside the decrypted text does not fit";
    /// The decrypted text is for another receive id.
    ReceiveIdMismatch = "receive_id_mismatch", "the decrypted text is for another receive id";
    /// The decrypted bytes are not UTF-8.
    Utf8 = "utf8", "the decrypted text is not UTF-8";
    /// The decrypted text is not JSON.
    PlaintextNotJson = "plaintext_not_json", "the decrypted text is not JSON";
    /// The decrypted text is not XML.
    PlaintextNotXml = "plaintext_not_xml", "the decrypted text is not XML";
    /// The id header is missing (`webhook-id`).
    IdMissing = "id_missing", "the id header is missing";
    /// There is no signature, on something that needs one.
    SignatureMissing = "signature_missing", "the signature is missing";
    /// No signature fits the body under any live key.
    SignatureMismatch = "signature_mismatch", "the signature does not fit the body";
    /// The timestamp is missing.
    TimestampMissing = "timestamp_missing", "the timestamp is missing";
    /// The timestamp is not a number of seconds.
    TimestampFormat = "timestamp_format", "the timestamp is not a number of seconds";
    /// The timestamp is too far from now.
    TimestampStale = "timestamp_stale", "the timestamp is too far from now";
    /// The nonce is missing.
    NonceMissing = "nonce_missing", "the nonce is missing";
    /// A header that is signed, or signs, comes more than once.
    HeaderRepeated = "header_repeated", "a signature header comes more than once";
    /// A parameter of the query that is signed, or signs, comes more than once.
    ParameterRepeated = "parameter_repeated", "a parameter of the query comes more than once";
    /// The query has no `SdkAppid`.
    AppIdMissing = "app_id_missing", "the query has no `SdkAppid`";
    /// The request is for another app.
    AppIdMismatch = "app_id_mismatch", "the request is for another app";
    /// Neither the query nor the body names a command.
    CommandMissing = "command_missing", "there is no `CallbackCommand`";
    /// The query and the body name different commands.
    CommandMismatch = "command_mismatch", "the query and the body name different commands";
    /// A command whose capitals are not the platform's.
    CommandSpelling = "command_spelling", "the command is not spelt as the platform spells it";
    /// The content is announced as something else than JSON, or not at all.
    ContentType = "content_type", "the content is not announced as JSON";
    /// There is no verification token in the body.
    TokenMissing = "token_missing", "the verification token is missing";
    /// The verification token is another one.
    TokenMismatch = "token_mismatch", "the verification token is another one";
    /// A URL check without a `challenge`.
    ChallengeMissing = "challenge_missing", "`url_verification` without a `challenge`";
    /// A URL check without an `echostr`.
    EchoMissing = "echo_missing", "the URL check has no `echostr`";
    /// A callback that somebody sends as a URL check, to be told what is in it.
    EchoIsMessage = "echo_is_message", "the `echostr` of the URL check is a message";
    /// An event without an id to deduplicate by.
    NoEventId = "no_event_id", "the event has no id";
    /// Neither an event nor a call: there is no type.
    NoEventType = "no_event_type", "the body names no event type";
    /// An id or type that is too long or holds control characters.
    IdentifierFormat = "identifier_format", "an id or type is longer than 256 bytes or holds control characters";
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A refused request: for the log only, and without secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", .reason.message())]
pub struct Refusal {
    /// The dialect whose receiver refused.
    pub dialect: Dialect,
    /// The cause.
    pub reason: Reason,
    /// Whether the signature held: then the peer is who it says, and the body is the problem.
    pub authenticated: bool,
}

impl Refusal {
    /// A refusal for this reason.
    pub const fn new(dialect: Dialect, reason: Reason, authenticated: bool) -> Self {
        Self {
            dialect,
            reason,
            authenticated,
        }
    }
}

impl Coded for Refusal {
    fn code(&self) -> Code {
        self.reason.code(self.dialect)
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        hint(self.dialect, self.reason).map(Cow::Borrowed)
    }
}

/// The sentence that fixes it, where one is likely to.
fn hint(dialect: Dialect, reason: Reason) -> Option<&'static str> {
    match (reason, dialect) {
        (
            Reason::Padding
            | Reason::MessageLength
            | Reason::Utf8
            | Reason::PlaintextNotJson
            | Reason::PlaintextNotXml,
            Dialect::Wecom,
        ) => Some("set the source's EncodingAESKey to the one on the app's callback page"),
        (
            Reason::Padding
            | Reason::MessageLength
            | Reason::Utf8
            | Reason::PlaintextNotJson
            | Reason::PlaintextNotXml,
            Dialect::Desk | Dialect::Feishu | Dialect::Standard,
        ) => Some("set the source's Encrypt Key to the one that the app has"),
        (Reason::NoEncryptKey, _) => Some("set the source's Encrypt Key, or clear the app's"),
        (Reason::NotEncrypted, _) => Some("set the app's Encrypt Key, or clear the source's"),
        (Reason::ReceiveIdMismatch, _) => Some(
            "set the source's receive id to the corp id, or to the suite id for callbacks of a suite",
        ),
        (Reason::SignatureMissing | Reason::TimestampMissing, Dialect::Desk) => Some(
            "switch authentication on in the console with the source's token, or take the token from the source",
        ),
        (Reason::SignatureMismatch, Dialect::Desk) => Some(
            "set the source's token to the one in the console, and pass the query on unchanged",
        ),
        (Reason::AppIdMissing, _) => {
            Some("the platform names the app in the query; check that no proxy drops it")
        }
        (Reason::AppIdMismatch, _) => {
            Some("set the source's SdkAppid to the app's, or the URL of the other app elsewhere")
        }
        (
            Reason::CommandMissing
            | Reason::CommandMismatch
            | Reason::CommandSpelling
            | Reason::ContentType,
            _,
        ) => Some("let the source be tolerant if the caller is not the platform itself"),
        (Reason::SignatureMissing, Dialect::Feishu) => {
            Some("only a challenge comes unsigned; check that no proxy drops `X-Lark-*` headers")
        }
        (Reason::SignatureMissing, Dialect::Standard) => {
            Some("the sender must sign; check that no proxy drops `webhook-*` headers")
        }
        (
            Reason::SignatureMissing | Reason::TimestampMissing | Reason::NonceMissing,
            Dialect::Wecom,
        ) => Some("the platform signs in the query; check that no proxy drops it"),
        (Reason::SignatureMismatch, Dialect::Feishu) => Some(
            "set the source's Encrypt Key to the one that the app has, and pass the body on unchanged",
        ),
        (Reason::SignatureMismatch, Dialect::Standard) => {
            Some("set the source's signing key to the sender's, and pass the body on unchanged")
        }
        (Reason::SignatureMismatch, Dialect::Wecom) => Some(
            "set the source's Token to the one on the app's callback page, and pass the query on unchanged",
        ),
        (Reason::TimestampStale, _) => {
            Some("set the clocks right, or widen the source's tolerance")
        }
        (Reason::TokenMissing | Reason::TokenMismatch, _) => {
            Some("set the source's Verification Token to the one that the app has")
        }
        (
            Reason::NotPost
            | Reason::BodyNotJson
            | Reason::BodyShape
            | Reason::Depth
            | Reason::BodyNotXml
            | Reason::Doctype
            | Reason::ElementForm
            | Reason::EncryptMissing
            | Reason::Base64
            | Reason::CiphertextLength
            | Reason::IdMissing
            | Reason::TimestampMissing
            | Reason::TimestampFormat
            | Reason::NonceMissing
            | Reason::HeaderRepeated
            | Reason::ParameterRepeated
            | Reason::ChallengeMissing
            | Reason::EchoMissing
            | Reason::EchoIsMessage
            | Reason::NoEventId
            | Reason::NoEventType
            | Reason::IdentifierFormat,
            _,
        ) => None,
    }
}
