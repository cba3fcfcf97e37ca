//! What is drawn: the nodes, the edges that lead somewhere, and the way of a run over them.

use std::collections::{BTreeMap, BTreeSet};

use super::Path;
use crate::document::{Document, Node};

/// The drawn nodes by their place, and the edges between them.
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<&'a Node>,
    pub(super) arcs: Vec<Arc>,
    numbers: BTreeMap<&'a str, usize>,
}

/// One drawn edge.
#[derive(Debug, Clone)]
pub(super) struct Arc {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) label: String,
    pub(super) is_exception: bool,
}

impl<'a> Graph<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let mut nodes = Vec::new();
        let mut numbers = BTreeMap::new();
        for node in &document.nodes {
            if !numbers.contains_key(node.id.as_str()) {
                numbers.insert(node.id.as_str(), nodes.len());
                nodes.push(node);
            }
        }
        let mut arcs = Vec::new();
        for (from, node) in nodes.iter().enumerate() {
            for edge in node.kind.edges() {
                if let Some(to) = numbers.get(edge.to) {
                    arcs.push(Arc {
                        from,
                        to: *to,
                        is_exception: edge.name == "on_exception",
                        label: edge.label,
                    });
                }
            }
        }
        Self {
            nodes,
            arcs,
            numbers,
        }
    }

    /// The same with the edges between the same two nodes drawn as one: which of them a run took, its
    /// nodes do not tell.
    pub(super) fn merged(mut self) -> Self {
        let mut places: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut merged: Vec<(Arc, Vec<String>)> = Vec::new();
        for arc in std::mem::take(&mut self.arcs) {
            let place = *places.entry((arc.from, arc.to)).or_insert(merged.len());
            if place == merged.len() {
                merged.push((arc.clone(), Vec::new()));
            }
            let (first, labels) = &mut merged[place];
            first.is_exception &= arc.is_exception;
            labels.push(arc.label);
        }
        let joined = |(mut arc, labels): (Arc, Vec<String>)| {
            if labels.len() > 1 {
                let labels = labels.iter().map(|label| match label.as_str() {
                    "" => "next",
                    label => label,
                });
                arc.label = labels.collect::<Vec<_>>().join(" / ");
            }
            arc
        };
        self.arcs = merged.into_iter().map(joined).collect();
        self
    }
}

/// What a run passed.
#[derive(Default)]
pub(super) struct Way {
    /// For each node, at which steps, counted from one.
    pub(super) steps: BTreeMap<usize, Vec<usize>>,
    pairs: BTreeSet<(usize, usize)>,
}

impl Way {
    pub(super) fn new(graph: &Graph<'_>, path: Option<Path<'_>>) -> Self {
        let mut way = Self::default();
        let mut before = None;
        for (step, id) in path.map_or(&[][..], |path| path.0).iter().enumerate() {
            let number = graph.numbers.get(id).copied();
            if let Some(number) = number {
                way.steps.entry(number).or_default().push(step + 1);
            }
            way.pairs.extend(before.zip(number));
            before = number;
        }
        way
    }

    pub(super) fn has(&self, arc: &Arc) -> bool {
        self.pairs.contains(&(arc.from, arc.to))
    }
}
