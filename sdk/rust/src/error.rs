//! Why something did not work, with the SDK's documented return codes (sheet wecom-zone-sdk, 5.3).
//!
//! [`Error`] is about the channel: a request that cannot be accepted, a zone that cannot be reached.
//! [`CallError`](crate::CallError) is about one typed call and adds the `errcode` of an API's answer.

use std::borrow::Cow;

use ringback_dialect::zone::Reason;
use ringback_types::{Code, Coded};

use crate::credentials::CredentialsError;

/// The documented numbers. There is no −10007 in the current list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum ReturnCode {
    /// An internal error that is not the network's.
    Internal = -10001,
    /// Connecting, reading or writing failed or took too long.
    Network = -10002,
    /// The HTTP status is not 200.
    HttpStatus = -10003,
    /// The signature, the time or the nonce is wrong.
    Signature = -10004,
    /// It cannot be decrypted.
    Decryption = -10005,
    /// There is no such API.
    UnknownApi = -10006,
    /// The key or its version is unknown, or a debug session is over.
    KeyVersion = -10008,
    /// Not JSON, or not the JSON that is expected.
    Json = -10009,
    /// No HTTP method was given.
    MethodNotSet = -20001,
    /// No headers were given.
    HeadersNotSet = -20002,
    /// No body was given.
    BodyNotSet = -20003,
}

impl ReturnCode {
    /// Every code there is.
    pub const ALL: [Self; 11] = [
        Self::Internal,
        Self::Network,
        Self::HttpStatus,
        Self::Signature,
        Self::Decryption,
        Self::UnknownApi,
        Self::KeyVersion,
        Self::Json,
        Self::MethodNotSet,
        Self::HeadersNotSet,
        Self::BodyNotSet,
    ];

    /// The number, such as −10002.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The code of this number.
    pub fn of(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// What it means, in a sentence without a full stop.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Internal => "an internal error",
            Self::Network => "connecting, reading or writing failed or took too long",
            Self::HttpStatus => "the HTTP status is not 200",
            Self::Signature => "the signature, the time or the nonce is wrong",
            Self::Decryption => "it cannot be decrypted",
            Self::UnknownApi => "there is no such API",
            Self::KeyVersion => "the key or its version is unknown, or a debug session is over",
            Self::Json => "it is not the JSON that is expected",
            Self::MethodNotSet => "no HTTP method was given",
            Self::HeadersNotSet => "no headers were given",
            Self::BodyNotSet => "no body was given",
        }
    }
}

/// Why a request cannot be accepted or a zone cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something in this process or on this machine is wrong.
    #[error("an internal error: {detail}")]
    Internal {
        /// What.
        detail: String,
    },
    /// The credentials file cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A body above the cap.
    #[error("the body is above {limit} bytes")]
    TooLarge {
        /// The cap, in bytes.
        limit: usize,
    },
    /// The zone's address is not a URL that may be used.
    #[error("`{url}` cannot be the zone's address: {reason}")]
    Address {
        /// The address.
        url: String,
        /// Why not.
        reason: &'static str,
    },
    /// The zone cannot be reached, or did not answer in time.
    #[error("the zone does not answer: {detail}")]
    Network {
        /// At which stage and why.
        detail: String,
    },
    /// The zone answered with another HTTP status than 200.
    #[error("the zone answered with the HTTP status {status}")]
    HttpStatus {
        /// The status.
        status: u16,
    },
    /// What came in does not hold; found here.
    #[error("{}", reason.message())]
    Unverified {
        /// Which check failed.
        reason: Reason,
    },
    /// The zone refused what was sent.
    #[error("the zone refused it: {}", code.message())]
    Refused {
        /// The code that it gave.
        code: ReturnCode,
    },
    /// Not a name that an API can have.
    #[error("`{api}` cannot be the name of an API")]
    UnknownApi {
        /// The name.
        api: String,
    },
    /// The debug token is not one.
    #[error("the debug token is not of the form `dbg_<id>_<secret>`")]
    DebugToken,
    /// Neither a credentials file nor a debug session.
    #[error("this program has no key: neither a credentials file nor a debug session")]
    NoKey,
    /// The debug session has ended.
    #[error("the debug session is over")]
    SessionOver,
    /// A text that must be JSON is not.
    #[error("{what} is not the JSON that is expected: {detail}")]
    Json {
        /// Which text.
        what: &'static str,
        /// Where it goes wrong.
        detail: String,
    },
    /// No HTTP method was given.
    #[error("no HTTP method was given")]
    MethodNotSet,
    /// No headers were given.
    #[error("no headers were given")]
    HeadersNotSet,
    /// No body was given.
    #[error("no body was given")]
    BodyNotSet,
}

impl Error {
    /// The documented return code.
    pub const fn return_code(&self) -> ReturnCode {
        match self {
            Self::Internal { .. }
            | Self::Credentials(_)
            | Self::TooLarge { .. }
            | Self::Address { .. } => ReturnCode::Internal,
            Self::Network { .. } => ReturnCode::Network,
            Self::HttpStatus { .. } => ReturnCode::HttpStatus,
            Self::Unverified { reason } => of_reason(*reason),
            Self::Refused { code } => *code,
            Self::UnknownApi { .. } => ReturnCode::UnknownApi,
            Self::DebugToken | Self::NoKey | Self::SessionOver => ReturnCode::KeyVersion,
            Self::Json { .. } => ReturnCode::Json,
            Self::MethodNotSet => ReturnCode::MethodNotSet,
            Self::HeadersNotSet => ReturnCode::HeadersNotSet,
            Self::BodyNotSet => ReturnCode::BodyNotSet,
        }
    }

    /// The number of [`Error::return_code`], such as −10002.
    pub const fn code(&self) -> i32 {
        self.return_code().number()
    }

    /// The sentence that fixes it, where there is one.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Credentials(error) => return error.hint(),
            Self::Unverified { reason } => return Coded::hint(reason),
            Self::Address { .. } => {
                "give an `https` URL, or set RINGBACK_ALLOW_HTTP=1 where the way to it is private".into()
            }
            Self::Network { .. } => "is the zone running, and is its address right (RINGBACK_ZONE_URL, or `zone_url` in the credentials file)?".into(),
            Self::HttpStatus { .. } => "another server than the zone may have this address".into(),
            Self::UnknownApi { .. } => "names are lower-case words with underscores, such as `sync_msg`".into(),
            Self::Refused { code } => return code.hint().map(Cow::Borrowed),
            Self::DebugToken => "`ringback program debug` shows it; give it whole".into(),
            Self::NoKey => "set RINGBACK_ZONE_CREDENTIALS to the credentials file, or open debug mode".into(),
            Self::SessionOver => SESSION_OVER.into(),
            Self::Json { .. } => "requests and answers are JSON objects".into(),
            Self::Internal { .. }
            | Self::TooLarge { .. }
            | Self::MethodNotSet
            | Self::HeadersNotSet
            | Self::BodyNotSet => return None,
        })
    }
}

const SESSION_OVER: &str = "the access_token has expired: open debug mode again with the debug token and a new access_token";

impl ReturnCode {
    /// What to do when the zone refuses with this code.
    const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Signature => {
                Some("do the clocks of program and zone agree to within five minutes?")
            }
            Self::UnknownApi => {
                Some("the SDK may be too old for this API, or its name is misspelt")
            }
            Self::KeyVersion => Some(
                "the key has been rotated away, or in debug mode the access_token has expired: open debug mode again with a new one",
            ),
            Self::Json => Some("requests are JSON objects"),
            _ => None,
        }
    }
}

/// The dialect's reasons carry the same numbers.
const fn of_reason(reason: Reason) -> ReturnCode {
    match reason.code() {
        -10004 => ReturnCode::Signature,
        -10005 => ReturnCode::Decryption,
        -10006 => ReturnCode::UnknownApi,
        -10008 => ReturnCode::KeyVersion,
        -10009 => ReturnCode::Json,
        _ => ReturnCode::Internal,
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Internal { .. } => "zone_sdk.internal",
            Self::Credentials(error) => return Coded::code(error),
            Self::TooLarge { .. } => "zone_sdk.too_large",
            Self::Address { .. } => "zone_sdk.address",
            Self::Network { .. } => "zone_sdk.network",
            Self::HttpStatus { .. } => "zone_sdk.http_status",
            Self::Unverified { reason } => return Coded::code(reason),
            Self::Refused { .. } => "zone_sdk.refused",
            Self::UnknownApi { .. } => "zone_sdk.unknown_api",
            Self::DebugToken => "zone_sdk.debug_token",
            Self::NoKey => "zone_sdk.no_key",
            Self::SessionOver => "zone_sdk.session_over",
            Self::Json { .. } => "zone_sdk.json",
            Self::MethodNotSet => "zone_sdk.method_not_set",
            Self::HeadersNotSet => "zone_sdk.headers_not_set",
            Self::BodyNotSet => "zone_sdk.body_not_set",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Self::hint(self)
    }
}
