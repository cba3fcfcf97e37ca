//! A value of which one shape is known.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Cause, JsonType, Node, Segment, Shape, State};
use crate::zone::protocol::sample::Members;

pub(super) struct One<'s, 'p, 'd> {
    state: &'s mut State<'p, 'd>,
    node: &'p Node,
    depth: usize,
}

impl<'s, 'p, 'd> One<'s, 'p, 'd> {
    pub(super) fn new(state: &'s mut State<'p, 'd>, node: usize, depth: usize) -> Self {
        let node = &state.nodes[node];
        Self { state, node, depth }
    }

    fn check_type<E: Error>(&mut self, found: JsonType) -> Result<(), E> {
        let wanted = self.node.json_type();
        if wanted == found {
            return Ok(());
        }
        Err(self.state.refuse(Cause::Type { wanted, found }))
    }

    fn scalar<E: Error>(mut self, found: JsonType) -> Result<(), E> {
        self.check_type(found)
    }

    fn next_element<A: SeqAccess<'d>>(
        &mut self,
        json: &mut A,
        elements: &[usize],
    ) -> Result<Option<()>, A::Error> {
        if let [only] = elements {
            return json.next_element_seed(self.state.one(*only, self.depth + 1));
        }
        let from = self.state.shapes.len();
        let shapes = elements.iter().copied().map(Shape::of);
        self.state.shapes.extend(shapes);
        let next = json.next_element_seed(self.state.several(from, self.depth + 1))?;
        let matched = self.state.shapes.len() > from;
        self.state.shapes.truncate(from);
        if next.is_some() && !matched {
            return Err(self.state.refuse(Cause::NoElement));
        }
        Ok(next)
    }

    fn members<A: MapAccess<'d>>(
        &mut self,
        json: &mut A,
        members: &'p Members,
        seen: usize,
    ) -> Result<(), A::Error> {
        let mut before = None;
        while let Some(key) = json.next_key_seed(KeyOf { members, before })? {
            let index = key.map_err(|unknown| self.refuse_key(Cause::UnknownKey, &unknown))?;
            let member = members.get(index);
            if !self.state.is_first(seen, index) {
                return Err(self.refuse_key(Cause::DuplicateKey, &member.key));
            }
            json.next_value_seed(self.state.one(member.node, self.depth + 1))
                .map_err(|error| self.state.inside(|| Segment::key(&member.key), error))?;
            before = Some(index);
        }
        Ok(())
    }

    fn refuse_key<E: Error>(&mut self, cause: Cause, key: &str) -> E {
        let error = self.state.refuse(cause);
        self.state.inside(|| Segment::key(key), error)
    }
}

impl State<'_, '_> {
    /// Whether a member comes for the first time, where the object's bits begin at `seen`.
    fn is_first(&mut self, seen: usize, member: usize) -> bool {
        let word = &mut self.seen[seen + member / 64];
        let bit = 1 << (member % 64);
        let first = *word & bit == 0;
        *word |= bit;
        first
    }
}

impl<'d> DeserializeSeed<'d> for One<'_, '_, 'd> {
    type Value = ();

    fn deserialize<D: Deserializer<'d>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for One<'_, '_, 'd> {
    type Value = ();

    scalar_visits!(());

    fn visit_seq<A: SeqAccess<'d>>(mut self, mut json: A) -> Result<(), A::Error> {
        self.check_type(JsonType::Array)?;
        self.state.check_depth(self.depth)?;
        let Node::Array(elements) = self.node else {
            return self.state.anything(self.depth).visit_seq(json);
        };
        let mut index = 0;
        while let Some(()) = self
            .next_element(&mut json, elements)
            .map_err(|error| self.state.inside(|| Segment::Index(index), error))?
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'d>>(mut self, mut json: A) -> Result<(), A::Error> {
        self.check_type(JsonType::Object)?;
        self.state.check_depth(self.depth)?;
        let Node::Object(members) = self.node else {
            return self.state.anything(self.depth).visit_map(json);
        };
        let seen = self.state.seen.len();
        self.state.seen.resize(seen + members.len().div_ceil(64), 0);
        self.members(&mut json, members, seen)?;
        self.state.seen.truncate(seen);
        Ok(())
    }
}

/// Reads a key: the member's index, or the text of a key that is none.
struct KeyOf<'p> {
    members: &'p Members,
    before: Option<usize>,
}

impl<'d> DeserializeSeed<'d> for KeyOf<'_> {
    type Value = Result<usize, String>;

    fn deserialize<D: Deserializer<'d>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOf<'_> {
    type Value = Result<usize, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        let index = self.members.find_after(self.before, key);
        Ok(index.ok_or_else(|| key.to_owned()))
    }
}
