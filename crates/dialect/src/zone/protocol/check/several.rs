//! A value that may have any of several shapes, or, with none to follow, any at all.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Cause, JsonType, Node, Segment, State};

/// Narrows the shapes from `from` on down to those that the value has. An empty set stays empty:
/// then the value is only read, for its depth and its duplicate keys.
pub(super) struct Several<'s, 'p, 'd> {
    state: &'s mut State<'p, 'd>,
    from: usize,
    depth: usize,
}

impl<'s, 'p, 'd> Several<'s, 'p, 'd> {
    pub(super) fn new(state: &'s mut State<'p, 'd>, from: usize, depth: usize) -> Self {
        Self { state, from, depth }
    }

    fn scalar<E: Error>(self, found: JsonType) -> Result<(), E> {
        self.state.keep_type(self.from, found);
        Ok(())
    }

    fn members<A: MapAccess<'d>>(&mut self, json: &mut A) -> Result<(), A::Error> {
        while let Some(key) = json.next_key_seed(Key)? {
            let children = self.state.push_values(self.from, &key);
            json.next_value_seed(self.state.several(children, self.depth + 1))
                .map_err(|error| self.state.inside(|| Segment::key(&key), error))?;
            self.state
                .keep(self.from, children, |node, matched| match node {
                    Node::Any(_) => true,
                    Node::Object(members) => members
                        .node_of(&key)
                        .is_some_and(|value| matched.binary_search(&value).is_ok()),
                    Node::Array(_) => false,
                });
            self.state.keys.push(key);
        }
        Ok(())
    }
}

impl<'p, 'd> State<'p, 'd> {
    /// Reads the inside of a value that may be anything.
    pub(super) fn anything(&mut self, depth: usize) -> Several<'_, 'p, 'd> {
        let from = self.shapes.len();
        self.several(from, depth)
    }

    /// Keeps the shapes from `from` to `children` that fit, given which of the shapes from
    /// `children` on were matched; drops the latter.
    fn keep(&mut self, from: usize, children: usize, fits: impl Fn(&Node, &[usize]) -> bool) {
        let mut kept = from;
        for place in from..children {
            let shape = self.shapes[place];
            if fits(&self.nodes[shape], &self.shapes[children..]) {
                self.shapes[kept] = shape;
                kept += 1;
            }
        }
        self.shapes.truncate(kept);
    }

    fn keep_type(&mut self, from: usize, found: JsonType) {
        let children = self.shapes.len();
        self.keep(from, children, |node, _| node.json_type() == found);
    }

    /// Pushes what the value of a key may be in any of the shapes from `from` on; says where.
    fn push_values(&mut self, from: usize, key: &str) -> usize {
        let children = self.shapes.len();
        for place in from..children {
            if let Node::Object(members) = &self.nodes[self.shapes[place]] {
                self.shapes.extend(members.node_of(key));
            }
        }
        self.sort(children);
        children
    }

    /// The same for the elements of an array.
    fn push_elements(&mut self, from: usize) -> usize {
        let children = self.shapes.len();
        for place in from..children {
            if let Node::Array(elements) = &self.nodes[self.shapes[place]] {
                self.shapes.extend_from_slice(elements);
            }
        }
        self.sort(children);
        children
    }

    /// Sorts the shapes from `from` on, each once.
    fn sort(&mut self, from: usize) {
        self.shapes[from..].sort_unstable();
        let mut kept = from;
        for place in from..self.shapes.len() {
            if kept == from || self.shapes[kept - 1] != self.shapes[place] {
                self.shapes[kept] = self.shapes[place];
                kept += 1;
            }
        }
        self.shapes.truncate(kept);
    }

    /// Forgets the keys from `keys` on, which must all be different.
    fn close_keys<E: Error>(&mut self, keys: usize) -> Result<(), E> {
        self.keys[keys..].sort_unstable();
        let mut pairs = self.keys[keys..].windows(2);
        if let Some(pair) = pairs.find(|pair| pair[0] == pair[1]) {
            self.place.push(Segment::key(&pair[0]));
            return Err(self.refuse(Cause::DuplicateKey));
        }
        self.keys.truncate(keys);
        Ok(())
    }
}

impl<'d> DeserializeSeed<'d> for Several<'_, '_, 'd> {
    type Value = ();

    fn deserialize<D: Deserializer<'d>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for Several<'_, '_, 'd> {
    type Value = ();

    scalar_visits!(());

    fn visit_seq<A: SeqAccess<'d>>(self, mut json: A) -> Result<(), A::Error> {
        let Self { state, from, depth } = self;
        state.check_depth(depth)?;
        state.keep_type(from, JsonType::Array);
        for index in 0.. {
            let children = state.push_elements(from);
            let next = json
                .next_element_seed(state.several(children, depth + 1))
                .map_err(|error| state.inside(|| Segment::Index(index), error))?;
            if next.is_none() {
                state.shapes.truncate(children);
                break;
            }
            state.keep(from, children, |node, matched| match node {
                Node::Any(_) => true,
                Node::Array(elements) => elements
                    .iter()
                    .any(|element| matched.binary_search(element).is_ok()),
                Node::Object(_) => false,
            });
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'d>>(mut self, mut json: A) -> Result<(), A::Error> {
        self.state.check_depth(self.depth)?;
        self.state.keep_type(self.from, JsonType::Object);
        let keys = self.state.keys.len();
        self.members(&mut json)?;
        self.state.close_keys(keys)
    }
}

/// Reads a key, borrowed from the document where it has no escapes.
struct Key;

impl<'d> DeserializeSeed<'d> for Key {
    type Value = Cow<'d, str>;

    fn deserialize<D: Deserializer<'d>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'d> Visitor<'d> for Key {
    type Value = Cow<'d, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'d str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
