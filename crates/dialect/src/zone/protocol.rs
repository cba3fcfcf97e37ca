//! Protocol matching: whether a JSON text is a subset of a sample (sheet `wecom-zone-app`,
//! section 3; what it leaves open is decided in design, section 6, "Protocol matching").
//!
//! Every key must be in the sample and its value of the sample's type; keys may be missing; numbers
//! are one type; null is taken only where the sample is null; each array element must match some
//! element of the sample. An empty object or array in the sample takes any content of its kind,
//! unless the protocol is strict. Duplicate keys are refused everywhere, since it would depend on
//! the reader which of them counts.

/// The scalar half of a visitor of any JSON value, by way of its own `scalar`.
macro_rules! scalar_visits {
    ($value:ty) => {
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("a JSON value")
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<$value, E> {
            self.scalar(JsonType::Null)
        }

        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<$value, E> {
            self.scalar(JsonType::Boolean)
        }

        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<$value, E> {
            self.scalar(JsonType::Number)
        }

        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<$value, E> {
            self.scalar(JsonType::Number)
        }

        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<$value, E> {
            self.scalar(JsonType::Number)
        }

        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<$value, E> {
            self.scalar(JsonType::String)
        }
    };
}

mod check;
mod mismatch;
mod path;
mod sample;

pub use mismatch::{JsonType, Mismatch, ProtocolError};

use sample::Node;

/// A sample JSON, compiled for matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    nodes: Vec<Node>,
    root: Option<usize>,
    warnings: Vec<String>,
}

impl Protocol {
    /// Takes every JSON text that has no duplicate keys and is not nested too deep.
    pub const ANYTHING: Self = Self {
        nodes: Vec::new(),
        root: None,
        warnings: Vec::new(),
    };

    /// Compiles a sample. In a `strict` protocol empty objects and arrays take only empty ones.
    pub fn parse(sample: &str, strict: bool) -> Result<Self, ProtocolError> {
        let sample = sample::compile(sample, strict)?;
        Ok(Self {
            nodes: sample.nodes,
            root: Some(sample.root),
            warnings: sample.open,
        })
    }

    /// The paths of the empty objects and arrays that take any content.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether the text is a subset of the sample; otherwise the first place where it is not.
    ///
    /// One pass over the bytes, without building the document.
    pub fn check(&self, json: &[u8]) -> Result<(), Mismatch> {
        check::check(self, json)
    }
}
