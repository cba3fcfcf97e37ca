//! The portable query face: statements, values, rows (design, section 3, "SQL").

use bytes::Bytes;
use ringback_types::{RecordId, ScheduleTime};

use crate::error::ReadError;

/// One statement of SQL in what SQLite and PostgreSQL both understand, with `$n` parameters.
///
/// Made by [`statements!`](macro@crate::statements), which also lists it for the preparation check on
/// PostgreSQL. SQLite numbers `$n` by first appearance, so it is given `?n`, rewritten when this is
/// compiled.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    text: &'static str,
    sqlite: &'static str,
}

impl Sql {
    /// A statement with these texts; use [`statements!`](macro@crate::statements) instead.
    #[doc(hidden)]
    pub const fn new(text: &'static str, sqlite: &'static [u8]) -> Self {
        match std::str::from_utf8(sqlite) {
            Ok(sqlite) => Self { text, sqlite },
            Err(_) => panic!("one ASCII character replaced by another leaves UTF-8 whole"),
        }
    }

    /// The text with `$n` parameters.
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// The text with `?n` parameters.
    pub(crate) const fn for_sqlite(self) -> &'static str {
        self.sqlite
    }
}

/// The text with every `$` replaced by `?`, when this is compiled.
#[doc(hidden)]
pub const fn question_marks<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut index = 0;
    while index < N {
        let byte = text.as_bytes()[index];
        bytes[index] = if byte == b'$' { b'?' } else { byte };
        index += 1;
    }
    bytes
}

/// Names the statements of a `records` module and lists them all in `STATEMENTS`.
///
/// The names are private to the module and the list is `pub`; `in pub(crate),` at the beginning gives
/// both that visibility instead.
#[macro_export]
macro_rules! statements {
    (@one $sql:expr) => {{
        const TEXT: &str = $sql;
        const BYTES: [u8; TEXT.len()] = $crate::question_marks(TEXT);
        $crate::Sql::new(TEXT, &BYTES)
    }};
    (in $visibility:vis, $($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* $visibility const $name: $crate::Sql = $crate::statements!(@one $sql);)*

        /// Every statement of this module, for the preparation check on PostgreSQL.
        $visibility const STATEMENTS: &[$crate::Sql] = &[$($name),*];
    };
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: $crate::Sql = $crate::statements!(@one $sql);)*

        /// Every statement of this module, for the preparation check on PostgreSQL.
        pub const STATEMENTS: &[$crate::Sql] = &[$($name),*];
    };
}

/// What a column or parameter may hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// Whole numbers, booleans (0/1), times (ms), ids.
    Int(i64),
    /// Numbers with a fraction.
    Float(f64),
    /// Text without NUL.
    Text(String),
    /// Bytes.
    Bytes(Bytes),
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )*};
}

value_from! {
    i64 => |value| Self::Int(value);
    i32 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    bool => |value| Self::Int(value.into());
    f64 => |value| Self::Float(value);
    String => |value| Self::Text(value);
    &str => |value| Self::Text(value.to_owned());
    &String => |value| Self::Text(value.clone());
    Vec<u8> => |value| Self::Bytes(value.into());
    Bytes => |value| Self::Bytes(value);
    ScheduleTime => |value| Self::Int(value.as_millis());
    ringback_types::EventId => |value| Self::Int(value.raw());
    ringback_types::DeliveryId => |value| Self::Int(value.raw());
    ringback_types::EndpointId => |value| Self::Int(value.raw());
    ringback_types::SourceId => |value| Self::Int(value.raw());
    ringback_types::AppId => |value| Self::Int(value.raw());
    ringback_types::FlowId => |value| Self::Int(value.raw());
    ringback_types::ConversationId => |value| Self::Int(value.raw());
    ringback_types::RunId => |value| Self::Int(value.raw());
    ringback_types::CallerId => |value| Self::Int(value.raw());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// How many rows a statement of a write must touch, or the whole write is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Any number.
    Any,
    /// Exactly so many.
    Rows(u64),
}

/// One statement of a write, with its values and the row count it expects.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sql: Sql,
    pub(crate) values: Vec<Value>,
    pub(crate) expect: Expect,
}

impl Statement {
    /// A statement that may touch any number of rows.
    pub fn new(sql: Sql, values: impl Into<Vec<Value>>) -> Self {
        Self {
            sql,
            values: values.into(),
            expect: Expect::Any,
        }
    }

    /// The same, refused unless it touches exactly `rows` rows.
    #[must_use]
    pub fn expecting(mut self, rows: u64) -> Self {
        self.expect = Expect::Rows(rows);
        self
    }
}

/// One row of a read. Columns are asked for by position and type.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    fn at(&self, column: usize) -> Result<&Value, ReadError> {
        self.0.get(column).ok_or(ReadError::Shape {
            column,
            wanted: "a column",
        })
    }

    /// A whole number.
    pub fn int(&self, column: usize) -> Result<i64, ReadError> {
        match self.at(column)? {
            Value::Int(value) => Ok(*value),
            _ => Err(ReadError::Shape {
                column,
                wanted: "a whole number",
            }),
        }
    }

    /// A whole number or nothing.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, ReadError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// Text.
    pub fn text(&self, column: usize) -> Result<&str, ReadError> {
        match self.at(column)? {
            Value::Text(value) => Ok(value),
            _ => Err(ReadError::Shape {
                column,
                wanted: "text",
            }),
        }
    }

    /// Text or nothing.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, ReadError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<Bytes, ReadError> {
        match self.at(column)? {
            Value::Bytes(value) => Ok(value.clone()),
            _ => Err(ReadError::Shape {
                column,
                wanted: "bytes",
            }),
        }
    }

    /// Bytes or nothing.
    pub fn maybe_bytes(&self, column: usize) -> Result<Option<Bytes>, ReadError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            _ => self.bytes(column).map(Some),
        }
    }

    /// An id.
    pub fn id<I: RecordId>(&self, column: usize) -> Result<I, ReadError> {
        self.int(column).map(I::from_raw)
    }

    /// A time.
    pub fn time(&self, column: usize) -> Result<ScheduleTime, ReadError> {
        self.int(column).map(ScheduleTime::from_millis)
    }

    /// A boolean kept as 0 or 1.
    pub fn flag(&self, column: usize) -> Result<bool, ReadError> {
        self.int(column).map(|value| value != 0)
    }
}
