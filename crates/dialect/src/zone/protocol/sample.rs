//! Compiling a sample: one node a shape, so that values of the same shape share one.

use std::collections::{HashMap, HashSet};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::path::{Segment, render};
use super::{JsonType, ProtocolError};
use crate::MAX_JSON_DEPTH;

/// Arrays with more shapes than this are taken as they are, since comparing each with each would
/// take long.
const FEW: usize = 32;

/// The shape of a value; children are indices of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Any value of this type.
    Any(JsonType),
    /// An object of no keys but these.
    Object(Members),
    /// An array of elements that each match one of these, which ascend.
    Array(Vec<usize>),
}

impl Node {
    pub(super) fn json_type(&self) -> JsonType {
        match self {
            Self::Any(json_type) => *json_type,
            Self::Object(_) => JsonType::Object,
            Self::Array(_) => JsonType::Array,
        }
    }
}

/// The members of an object, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    members: Vec<Member>,
    /// The one that stands first in the sample.
    first: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) key: Box<str>,
    pub(super) node: usize,
    /// The one that stands next in the sample.
    next: usize,
}

impl Members {
    /// The members in the order of the sample.
    fn new(in_order: &[(Box<str>, usize)]) -> Self {
        let mut order: Vec<usize> = (0..in_order.len()).collect();
        order.sort_unstable_by_key(|place| &in_order[*place].0);
        let mut rank = vec![0; order.len()];
        for (index, place) in order.iter().enumerate() {
            rank[*place] = index;
        }
        let member = |place: &usize| Member {
            key: in_order[*place].0.clone(),
            node: in_order[*place].1,
            next: rank[(place + 1) % rank.len()],
        };
        Self {
            members: order.iter().map(member).collect(),
            first: rank.first().copied().unwrap_or_default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn get(&self, index: usize) -> &Member {
        &self.members[index]
    }

    /// The member of this key, given the one of the key before it: documents mostly have the
    /// sample's order.
    pub(super) fn find_after(&self, before: Option<usize>, key: &str) -> Option<usize> {
        let guess = before.map_or(self.first, |before| self.members[before].next);
        if self
            .members
            .get(guess)
            .is_some_and(|next| *next.key == *key)
        {
            return Some(guess);
        }
        self.find(key)
    }

    fn find(&self, key: &str) -> Option<usize> {
        let by_key = |member: &Member| (*member.key).cmp(key);
        self.members.binary_search_by(by_key).ok()
    }
}

/// What a sample is compiled to.
pub(super) struct Sample {
    pub(super) nodes: Vec<Node>,
    pub(super) root: usize,
    /// The paths of what takes any content.
    pub(super) open: Vec<String>,
}

pub(super) fn compile(sample: &str, strict: bool) -> Result<Sample, ProtocolError> {
    let mut builder = Builder {
        strict,
        ..Builder::default()
    };
    let mut json = serde_json::Deserializer::from_str(sample);
    let root = ValueSeed(&mut builder)
        .deserialize(&mut json)
        .and_then(|root| json.end().map(|()| root));
    match root {
        Ok(root) => Ok(Sample {
            nodes: builder.nodes,
            root,
            open: builder.open,
        }),
        Err(error) => Err(builder.error.unwrap_or_else(|| ProtocolError::NotJson {
            detail: error.to_string(),
        })),
    }
}

#[derive(Default)]
struct Builder {
    strict: bool,
    nodes: Vec<Node>,
    known: HashMap<Shape, usize>,
    path: Vec<Segment>,
    open: Vec<String>,
    error: Option<ProtocolError>,
}

/// What makes two values the same: the order of an object's keys does not count.
#[derive(PartialEq, Eq, Hash)]
enum Shape {
    Any(JsonType),
    Object(Vec<(Box<str>, usize)>),
    Array(Vec<usize>),
}

impl Builder {
    fn node(&mut self, shape: Shape, node: Node) -> usize {
        let nodes = &mut self.nodes;
        *self.known.entry(shape).or_insert_with(|| {
            nodes.push(node);
            nodes.len() - 1
        })
    }

    fn any(&mut self, json_type: JsonType) -> usize {
        self.node(Shape::Any(json_type), Node::Any(json_type))
    }

    /// Something empty, which takes any content of its kind.
    fn open(&mut self, json_type: JsonType) -> usize {
        self.open.push(render(&self.path));
        self.any(json_type)
    }

    fn object(&mut self, members: Vec<(Box<str>, usize)>) -> usize {
        if members.is_empty() && !self.strict {
            return self.open(JsonType::Object);
        }
        let node = Node::Object(Members::new(&members));
        self.node(Shape::Object(sorted(members)), node)
    }

    fn array(&mut self, mut elements: Vec<usize>) -> usize {
        if elements.is_empty() && !self.strict {
            return self.open(JsonType::Array);
        }
        elements.sort_unstable();
        elements.dedup();
        let elements = self.widest(elements);
        let node = Node::Array(elements.clone());
        self.node(Shape::Array(elements), node)
    }

    /// The elements without those that another takes anyway: what a document may have stays the
    /// same, but with one shape left it is checked faster and a mismatch gets an exact path.
    fn widest(&self, elements: Vec<usize>) -> Vec<usize> {
        if elements.len() > FEW {
            return elements;
        }
        let mut widest: Vec<usize> = Vec::new();
        for element in elements {
            if !widest.iter().any(|other| self.takes_all(*other, element)) {
                widest.retain(|other| !self.takes_all(element, *other));
                widest.push(element);
            }
        }
        widest
    }

    /// Whether whatever matches `narrow` matches `wide` too.
    fn takes_all(&self, wide: usize, narrow: usize) -> bool {
        match (&self.nodes[wide], &self.nodes[narrow]) {
            _ if wide == narrow => true,
            (Node::Any(json_type), narrow) => *json_type == narrow.json_type(),
            (Node::Object(wide), Node::Object(narrow)) => narrow.members.iter().all(|member| {
                wide.find(&member.key)
                    .is_some_and(|same| self.takes_all(wide.get(same).node, member.node))
            }),
            (Node::Array(wide), Node::Array(narrow)) => narrow
                .iter()
                .all(|element| wide.iter().any(|other| self.takes_all(*other, *element))),
            (Node::Object(_) | Node::Array(_), _) => false,
        }
    }

    /// Goes into the value of a key or an element, and out again.
    fn inside<T, E: Error>(
        &mut self,
        segment: Segment,
        read: impl FnOnce(ValueSeed<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.path.push(segment);
        let value = read(ValueSeed(self))?;
        self.path.pop();
        Ok(value)
    }

    fn check_depth<E: Error>(&mut self) -> Result<(), E> {
        if self.path.len() < MAX_JSON_DEPTH {
            return Ok(());
        }
        Err(self.refuse(ProtocolError::Depth))
    }

    fn check_new<E: Error>(&mut self, key: &str, known: bool) -> Result<(), E> {
        if !known {
            return Ok(());
        }
        self.path.push(Segment::key(key));
        let path = render(&self.path);
        Err(self.refuse(ProtocolError::DuplicateKey { path }))
    }

    fn refuse<E: Error>(&mut self, error: ProtocolError) -> E {
        self.error = Some(error);
        E::custom("not a protocol")
    }
}

fn sorted(mut members: Vec<(Box<str>, usize)>) -> Vec<(Box<str>, usize)> {
    members.sort_unstable();
    members
}

/// Reads one value of the sample; gives its node.
struct ValueSeed<'b>(&'b mut Builder);

impl ValueSeed<'_> {
    #[expect(clippy::unnecessary_wraps, reason = "as every visit of the visitor")]
    fn scalar<E>(self, json_type: JsonType) -> Result<usize, E> {
        Ok(self.0.any(json_type))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<usize, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = usize;

    scalar_visits!(usize);

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<usize, A::Error> {
        self.0.check_depth()?;
        let mut elements = Vec::new();
        let mut next = |seed: ValueSeed<'_>| json.next_element_seed(seed);
        while let Some(element) = self.0.inside(Segment::Index(elements.len()), &mut next)? {
            elements.push(element);
        }
        Ok(self.0.array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<usize, A::Error> {
        self.0.check_depth()?;
        let mut members: Vec<(Box<str>, usize)> = Vec::new();
        let mut known = HashSet::new();
        while let Some(key) = json.next_key::<String>()? {
            self.0.check_new(&key, !known.insert(key.clone()))?;
            let node = self
                .0
                .inside(Segment::key(&key), |seed| json.next_value_seed(seed))?;
            members.push((key.into(), node));
        }
        Ok(self.0.object(members))
    }
}
