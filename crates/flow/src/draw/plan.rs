//! What takes room in which row.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::layout::{Kind, LABEL_SIZE, Rows, Vertex, box_width};
use super::rank::Ranks;
use super::text::{cut, width};

/// The longest label, in pixels.
const MOST_LABEL: f64 = 170.0;
/// How much room a line takes.
const LINE_WIDTH: f64 = 2.0;
/// How far others stay away from nodes, labels and trunks.
const BOX_GAP: f64 = 34.0;
const LABEL_GAP: f64 = 14.0;
const TRUNK_GAP: f64 = 18.0;

/// The vertices in their rows, and whose they are.
pub(super) struct Plan<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) ranks: &'a Ranks,
    pub(super) vertices: Vec<Vertex>,
    pub(super) rows: Rows,
    /// By the number of the node.
    pub(super) boxes: Vec<usize>,
    /// By the number of the edge: its own place.
    pub(super) bends: Vec<usize>,
    pub(super) labels: Vec<String>,
    /// By the number of the node: the first row of its trunk, and the vertices from there on.
    pub(super) trunks: BTreeMap<usize, (usize, Vec<usize>)>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(graph: &'a Graph<'a>, ranks: &'a Ranks) -> Self {
        let count = ranks.of.iter().max().map_or(0, |last| last + 1);
        let mut plan = Self {
            graph,
            ranks,
            vertices: Vec::new(),
            rows: vec![Vec::new(); 2 * count],
            boxes: vec![0; graph.nodes.len()],
            bends: vec![0; graph.arcs.len()],
            labels: graph
                .arcs
                .iter()
                .map(|arc| cut(&arc.label, LABEL_SIZE, MOST_LABEL))
                .collect(),
            trunks: BTreeMap::new(),
        };
        for node in &ranks.found {
            let width = box_width(graph.nodes[*node]);
            plan.boxes[*node] = plan.add(Kind::Box, 2 * ranks.of[*node], width, BOX_GAP);
        }
        plan.add_trunks();
        // In the order of the walk, so that neighbours begin beside each other.
        let mut arcs: Vec<usize> = (0..graph.arcs.len()).collect();
        arcs.sort_by_key(|arc| plan.boxes[graph.arcs[*arc].from]);
        for arc in arcs {
            plan.add_bend(arc);
        }
        plan
    }

    fn add(&mut self, kind: Kind, row: usize, width: f64, gap: f64) -> usize {
        let vertex = self.vertices.len();
        self.vertices.push(Vertex {
            kind,
            width,
            gap,
            above: Vec::new(),
            below: Vec::new(),
        });
        self.rows[row].push(vertex);
        vertex
    }

    fn link(&mut self, above: usize, below: usize) {
        self.vertices[above].below.push(below);
        self.vertices[below].above.push(above);
    }

    /// Whether an edge goes down over more than one row.
    pub(super) fn is_long(&self, arc: usize) -> bool {
        let ends = &self.graph.arcs[arc];
        !self.ranks.is_back[arc] && self.ranks.of[ends.to] > self.ranks.of[ends.from] + 1
    }

    fn add_trunks(&mut self) {
        let mut firsts = BTreeMap::new();
        for arc in (0..self.graph.arcs.len()).filter(|arc| self.is_long(*arc)) {
            let ends = &self.graph.arcs[arc];
            let row = 2 * self.ranks.of[ends.from] + 2;
            let first = firsts.entry(ends.to).or_insert(row);
            *first = row.min(*first);
        }
        for (node, first) in firsts {
            let rows = first..2 * self.ranks.of[node];
            let pieces: Vec<usize> = rows
                .map(|row| self.add(Kind::Trunk, row, LINE_WIDTH, TRUNK_GAP))
                .collect();
            for pair in pieces.windows(2) {
                self.link(pair[0], pair[1]);
            }
            self.link(pieces[pieces.len() - 1], self.boxes[node]);
            self.trunks.insert(node, (first, pieces));
        }
    }

    fn add_bend(&mut self, arc: usize) {
        let ends = &self.graph.arcs[arc];
        let row = 2 * self.ranks.of[ends.from] + 1;
        let label = &self.labels[arc];
        let (kind, width) = match label.as_str() {
            "" => (Kind::Bend, LINE_WIDTH),
            label => (Kind::Label, (width(label, LABEL_SIZE) + 16.0).ceil()),
        };
        let bend = self.add(kind, row, width, LABEL_GAP);
        self.bends[arc] = bend;
        self.link(self.boxes[ends.from], bend);
        if self.is_long(arc) {
            let (first, pieces) = &self.trunks[&ends.to];
            let piece = pieces[row + 1 - first];
            self.link(bend, piece);
        } else if !self.ranks.is_back[arc] {
            self.link(bend, self.boxes[ends.to]);
        }
    }
}
