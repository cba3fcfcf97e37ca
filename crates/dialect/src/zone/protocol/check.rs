//! Checking a document in one pass over its bytes.
//!
//! Where one shape of the sample is in question, [`One`] checks against it and stops at the first
//! mismatch, which has an exact path. Inside an array whose sample has elements of several shapes,
//! [`Several`] follows all that are still possible side by side: a value's result is the set of
//! shapes that it matches, and an object or array matches a shape if each of its members does.
//! That needs no second look at any byte, and costs at most the document times the sample.

mod one;
mod several;

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny};

use super::path::{Segment, render};
use super::sample::Node;
use super::{JsonType, Mismatch, Protocol};
use crate::MAX_JSON_DEPTH;
use one::One;
use several::Several;

pub(super) fn check(protocol: &Protocol, document: &[u8]) -> Result<(), Mismatch> {
    let text = std::str::from_utf8(document).map_err(|error| not_json(&error))?;
    let mut state = State::new(&protocol.nodes);
    let mut json = serde_json::Deserializer::from_str(text);
    let read = match protocol.root {
        Some(root) => state.one(root, 0).deserialize(&mut json),
        None => state.several(0, 0).deserialize(&mut json),
    };
    let Err(error) = read.and_then(|()| json.end()) else {
        return Ok(());
    };
    let Some(mismatch) = state.mismatch() else {
        return Err(not_json(&error));
    };
    // That the text is no JSON at all comes first, also where it shows only further on.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
    Err(mismatch)
}

fn not_json(detail: &dyn fmt::Display) -> Mismatch {
    Mismatch::NotJson {
        detail: detail.to_string(),
    }
}

/// Why a document is refused.
enum Cause {
    Depth,
    DuplicateKey,
    UnknownKey,
    Type { wanted: JsonType, found: JsonType },
    NoElement,
}

/// A shape that a value may have.
#[derive(Clone, Copy)]
struct Shape {
    node: usize,
    /// Of an object that is being read: which member the last key was, if any.
    member: Option<usize>,
}

impl Shape {
    fn of(node: usize) -> Self {
        Self { node, member: None }
    }
}

/// What all levels share. The vectors are stacks: each level uses what lies above its parent's, so
/// that a check allocates a few times and not once a value.
struct State<'p, 'd> {
    nodes: &'p [Node],
    /// Which members have come, a bit each: of the objects that are checked against one shape.
    seen: Vec<u64>,
    /// The shapes that are still possible; ascending within a level.
    shapes: Vec<Shape>,
    /// The keys that have come: of the objects that may have several shapes, or any.
    keys: Vec<Cow<'d, str>>,
    cause: Option<Cause>,
    /// Where the cause is, collected on the way out: from the inside out.
    place: Vec<Segment>,
}

impl<'p, 'd> State<'p, 'd> {
    fn new(nodes: &'p [Node]) -> Self {
        Self {
            nodes,
            seen: Vec::new(),
            shapes: Vec::new(),
            keys: Vec::new(),
            cause: None,
            place: Vec::new(),
        }
    }

    /// Reads a value that must have this shape.
    fn one(&mut self, node: usize, depth: usize) -> One<'_, 'p, 'd> {
        One::new(self, node, depth)
    }

    /// Reads a value that may have any of the shapes from here on; leaves those that it has.
    fn several(&mut self, from: usize, depth: usize) -> Several<'_, 'p, 'd> {
        Several::new(self, from, depth)
    }

    fn check_depth<E: Error>(&mut self, depth: usize) -> Result<(), E> {
        if depth < MAX_JSON_DEPTH {
            return Ok(());
        }
        Err(self.refuse(Cause::Depth))
    }

    fn refuse<E: Error>(&mut self, cause: Cause) -> E {
        self.cause = Some(cause);
        E::custom("the document does not fit")
    }

    /// Notes on the way out that a mismatch lies inside this key or element.
    fn inside<E>(&mut self, segment: impl FnOnce() -> Segment, error: E) -> E {
        if self.cause.is_some() {
            self.place.push(segment());
        }
        error
    }

    fn mismatch(&self) -> Option<Mismatch> {
        let path = || render(self.place.iter().rev());
        Some(match self.cause.as_ref()? {
            Cause::Depth => Mismatch::Depth,
            Cause::DuplicateKey => Mismatch::DuplicateKey { path: path() },
            Cause::UnknownKey => Mismatch::UnknownKey { path: path() },
            Cause::Type { wanted, found } => Mismatch::Type {
                path: path(),
                wanted: *wanted,
                found: *found,
            },
            Cause::NoElement => Mismatch::NoElement { path: path() },
        })
    }
}
