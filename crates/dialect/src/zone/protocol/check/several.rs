//! A value that may have any of several shapes, or, with none to follow, any at all.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Cause, JsonType, Node, Segment, Shape, State};

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

    #[expect(clippy::unnecessary_wraps, reason = "as every visit of the visitor")]
    fn scalar<E: Error>(self, found: JsonType) -> Result<(), E> {
        self.state.keep_type(self.from, found);
        Ok(())
    }

    fn members<A: MapAccess<'d>>(&mut self, json: &mut A) -> Result<(), A::Error> {
        while let Some(key) = json.next_key_seed(Key)? {
            let inside = self.state.push_values(self.from, &key);
            json.next_value_seed(self.state.several(inside, self.depth + 1))
                .map_err(|error| self.state.inside(|| Segment::key(&key), error))?;
            self.state
                .keep(self.from, inside, |shape, node, had| match node {
                    Node::Any(_) => true,
                    Node::Object(members) => shape
                        .member
                        .is_some_and(|member| contains(had, members.get(member).node)),
                    Node::Array(_) => false,
                });
            self.state.keys.push(key);
        }
        Ok(())
    }
}

fn contains(shapes: &[Shape], node: usize) -> bool {
    shapes
        .binary_search_by_key(&node, |shape| shape.node)
        .is_ok()
}

impl<'p, 'd> State<'p, 'd> {
    /// Reads the inside of a value that may be anything.
    pub(super) fn anything(&mut self, depth: usize) -> Several<'_, 'p, 'd> {
        let from = self.shapes.len();
        self.several(from, depth)
    }

    /// Keeps the shapes from `from` to `inside` that fit, given which of the shapes from `inside`
    /// on a value inside had; drops the latter.
    fn keep(&mut self, from: usize, inside: usize, fits: impl Fn(Shape, &Node, &[Shape]) -> bool) {
        let mut kept = from;
        for place in from..inside {
            let shape = self.shapes[place];
            if fits(shape, &self.nodes[shape.node], &self.shapes[inside..]) {
                self.shapes[kept] = shape;
                kept += 1;
            }
        }
        self.shapes.truncate(kept);
    }

    fn keep_type(&mut self, from: usize, found: JsonType) {
        let inside = self.shapes.len();
        self.keep(from, inside, |_, node, _| node.json_type() == found);
    }

    /// Pushes the shapes that the value of a key may have, where the object has any of those from
    /// `from` on; says where they begin.
    fn push_values(&mut self, from: usize, key: &str) -> usize {
        let inside = self.shapes.len();
        for place in from..inside {
            let shape = self.shapes[place];
            if let Node::Object(members) = &self.nodes[shape.node] {
                let member = members.find_after(shape.member, key);
                self.shapes[place].member = member;
                let value = member.map(|member| Shape::of(members.get(member).node));
                self.shapes.extend(value);
            }
        }
        self.sort(inside);
        inside
    }

    /// The same for the elements of an array.
    fn push_elements(&mut self, from: usize) -> usize {
        let inside = self.shapes.len();
        for place in from..inside {
            if let Node::Array(elements) = &self.nodes[self.shapes[place].node] {
                self.shapes.extend(elements.iter().copied().map(Shape::of));
            }
        }
        self.sort(inside);
        inside
    }

    /// Sorts the shapes from `from` on, each once.
    fn sort(&mut self, from: usize) {
        self.shapes[from..].sort_unstable_by_key(|shape| shape.node);
        let mut kept = from;
        for place in from..self.shapes.len() {
            if kept == from || self.shapes[kept - 1].node != self.shapes[place].node {
                self.shapes[kept] = self.shapes[place];
                kept += 1;
            }
        }
        self.shapes.truncate(kept);
    }

    /// Forgets the keys from `keys` on, which must all be different.
    fn close_keys<E: Error>(&mut self, keys: usize) -> Result<(), E> {
        self.keys[keys..].sort_unstable();
        let keys_of_object = &self.keys[keys..];
        let mut pairs = keys_of_object.iter().zip(keys_of_object.iter().skip(1));
        if let Some((key, _)) = pairs.find(|(key, next)| key == next) {
            self.place.push(Segment::key(key));
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
            let inside = state.push_elements(from);
            let next = json
                .next_element_seed(state.several(inside, depth + 1))
                .map_err(|error| state.inside(|| Segment::Index(index), error))?;
            if next.is_none() {
                state.shapes.truncate(inside);
                break;
            }
            state.keep(from, inside, |_, node, had| match node {
                Node::Any(_) => true,
                Node::Array(elements) => elements.iter().any(|element| contains(had, *element)),
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
