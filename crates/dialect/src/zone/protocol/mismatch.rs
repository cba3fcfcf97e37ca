//! What is wrong with a document, or with a sample.

use std::borrow::Cow;
use std::fmt;

use ringback_types::{Code, Coded};

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JsonType {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// Any number: whole or not, they are one type.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonType {
    /// The name, as JSON's own grammar has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Where and why a document is not a subset of the sample.
///
/// Paths look like `$.msg_list[3].sender.type`; no value of the document is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// It is not JSON.
    #[error("it is not JSON: {detail}")]
    NotJson {
        /// What the parser says, with line and column.
        detail: String,
    },
    /// It is nested deeper than [`MAX_JSON_DEPTH`](crate::MAX_JSON_DEPTH).
    #[error("it is nested deeper than 64")]
    Depth,
    /// A key comes twice in one object.
    #[error("the key `{path}` comes twice")]
    DuplicateKey {
        /// The key.
        path: String,
    },
    /// A key that the sample does not have.
    #[error("the key `{path}` is not in the protocol")]
    UnknownKey {
        /// The key.
        path: String,
    },
    /// A value of another type than the sample's.
    #[error("`{path}` is of type {found}, the protocol wants {wanted}")]
    Type {
        /// The value.
        path: String,
        /// The sample's type.
        wanted: JsonType,
        /// The document's.
        found: JsonType,
    },
    /// An array element that none of the sample's elements takes.
    #[error("`{path}` matches no element of the array in the protocol")]
    NoElement {
        /// The element.
        path: String,
    },
}

impl Mismatch {
    /// The offending place, where there is one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::NotJson { .. } | Self::Depth => None,
            Self::DuplicateKey { path }
            | Self::UnknownKey { path }
            | Self::Type { path, .. }
            | Self::NoElement { path } => Some(path),
        }
    }

    /// The name in logs and vectors.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "not_json",
            Self::Depth => "depth",
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::UnknownKey { .. } => "unknown_key",
            Self::Type { .. } => "type",
            Self::NoElement { .. } => "no_element",
        }
    }
}

impl Coded for Mismatch {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotJson { .. } => "zone.document_not_json",
            Self::Depth => "zone.document_depth",
            Self::DuplicateKey { .. } => "zone.document_duplicate_key",
            Self::UnknownKey { .. } => "zone.document_unknown_key",
            Self::Type { .. } => "zone.document_type",
            Self::NoElement { .. } => "zone.document_no_element",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::UnknownKey { .. } => Some("add the key to the ability's protocol".into()),
            Self::NoElement { .. } => {
                Some("add an element like it to the array in the ability's protocol".into())
            }
            Self::NotJson { .. } | Self::Depth | Self::DuplicateKey { .. } | Self::Type { .. } => {
                None
            }
        }
    }
}

/// Why a sample cannot be a protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// It is not JSON.
    #[error("the protocol is not JSON: {detail}")]
    NotJson {
        /// What the parser says, with line and column.
        detail: String,
    },
    /// It is nested deeper than [`MAX_JSON_DEPTH`](crate::MAX_JSON_DEPTH).
    #[error("the protocol is nested deeper than 64")]
    Depth,
    /// A key comes twice in one object.
    #[error("the key `{path}` comes twice in the protocol")]
    DuplicateKey {
        /// The key.
        path: String,
    },
}

impl Coded for ProtocolError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotJson { .. } => "zone.protocol_not_json",
            Self::Depth => "zone.protocol_depth",
            Self::DuplicateKey { .. } => "zone.protocol_duplicate_key",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::NotJson { .. } => {
                Some("a protocol is a sample: a JSON text that has every key that may come".into())
            }
            Self::Depth | Self::DuplicateKey { .. } => None,
        }
    }
}
