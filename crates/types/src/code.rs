//! Stable error codes.
//!
//! Every error a user can meet has a [`Code`]: a dotted, lower-case name that never changes once it
//! has been released and has a row in `docs/errors.md`. Libraries have `thiserror` enums that
//! implement [`Coded`]; only the binary's edge uses `anyhow`.

use std::borrow::Cow;
use std::fmt;

/// The stable name of an error, such as `feishu.signature_mismatch`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

impl Code {
    /// A code of this name: dotted, lower case, underscores inside a word.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name as users see it.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// An error that names its cause by a [`Code`] and may say what to do about it.
pub trait Coded: std::error::Error {
    /// The stable name of the cause.
    fn code(&self) -> Code;

    /// The sentence that fixes it, where there is one.
    fn hint(&self) -> Option<Cow<'static, str>> {
        None
    }
}
