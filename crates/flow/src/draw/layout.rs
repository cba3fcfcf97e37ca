//! Where everything stands: nodes in rows, each edge with a place of its own between them.
//!
//! Rows of nodes and rows between them take turns. In the row between, every edge has a place, as wide
//! as its label: so a label stands in nobody's way. An edge over more than one row has a place in each
//! of them; edges to the same node share those places, their trunk. An edge that closes a loop goes out
//! of its row to a lane at the side, up, and back in.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::lanes::lanes;
use super::plan::Plan;
use super::ports::Ports;
use super::rank::Ranks;
use super::routes::drawn;
use super::text::{cut, width};
use super::{look, order, place, straighten};
use crate::document::{Node, NodeKind};

/// How high a node is.
pub(super) const BOX_HEIGHT: f64 = 62.0;
/// How high a label is.
pub(super) const LABEL_HEIGHT: f64 = 22.0;
/// The sizes of the texts: a node's name, what it is about, and an edge's label.
pub(super) const NAME_SIZE: f64 = 14.0;
pub(super) const DETAIL_SIZE: f64 = 11.0;
pub(super) const LABEL_SIZE: f64 = 11.5;

const LEAST_WIDTH: f64 = 136.0;
const MOST_WIDTH: f64 = 248.0;

/// The vertices of each row, from left to right.
pub(super) type Rows = Vec<Vec<usize>>;

/// What takes room in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A node.
    Box,
    /// The place of an edge's own, where it has no label.
    Bend,
    /// The same with its label.
    Label,
    /// A piece of the trunk that long edges to the same node share.
    Trunk,
}

/// What takes room in a row, and what it is joined to in the rows beside.
#[derive(Debug)]
pub(super) struct Vertex {
    pub(super) kind: Kind,
    pub(super) width: f64,
    /// How far others stay away.
    pub(super) gap: f64,
    pub(super) above: Vec<usize>,
    pub(super) below: Vec<usize>,
}

impl Vertex {
    /// How far the middles of neighbours are apart at least.
    pub(super) fn apart(&self, other: &Self) -> f64 {
        f64::midpoint(self.width, other.width) + self.gap.max(other.gap)
    }
}

/// A point of a line.
pub(super) type Point = (f64, f64);

/// A rectangle.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Where an edge runs.
#[derive(Debug)]
pub(super) enum Route {
    /// Down to its node, or to where it joins the trunk of its node.
    Down { points: Vec<Point>, joins: bool },
    /// By a lane at the side up to its node.
    Back(Loop),
}

/// Where an edge runs that closes a loop.
#[derive(Debug)]
pub(super) struct Loop {
    /// Down to its row's end.
    pub(super) points: Vec<Point>,
    pub(super) lane: f64,
    /// Where it goes to its lane, and where it comes back.
    pub(super) low: f64,
    pub(super) high: f64,
    /// Where it enters its node.
    pub(super) end: Point,
}

/// A picture without its colours.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// By the number of the node.
    pub(super) boxes: Vec<Frame>,
    /// By the number of the edge.
    pub(super) routes: Vec<Route>,
    /// By the number of the edge: its label, cut to its place.
    pub(super) labels: Vec<Option<(String, Frame)>>,
    /// By the number of the node: the common part of long edges to it.
    pub(super) trunks: BTreeMap<usize, Vec<Point>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// How far the outline of a node slants inwards: no text and no line reaches there.
pub(super) const fn inset(kind: &NodeKind) -> f64 {
    match kind {
        NodeKind::Start(_) | NodeKind::End(_) => 16.0,
        NodeKind::Collect(_) | NodeKind::Branch(_) | NodeKind::Transfer(_) => 14.0,
        NodeKind::Condition(_) => 26.0,
        NodeKind::ApiCall(_) => 8.0,
        NodeKind::Reply(_) => 2.0,
    }
}

/// How much room a node's text has beside its outline.
pub(super) fn padding(node: &Node) -> f64 {
    2.0 * inset(&node.kind) + 20.0
}

/// How wide a node is for its texts, within bounds.
pub(super) fn box_width(node: &Node) -> f64 {
    let name = width(&cut(node.shown_name(), NAME_SIZE, MOST_WIDTH), NAME_SIZE);
    let detail = width(&cut(&look::detail(node), DETAIL_SIZE, 185.0), DETAIL_SIZE);
    let wish = name.max(detail) + padding(node) + 4.0;
    ((wish / 4.0).ceil() * 4.0).clamp(LEAST_WIDTH, MOST_WIDTH)
}

/// Lays a graph out.
pub(super) fn layout(graph: &Graph<'_>) -> Layout {
    let ranks = Ranks::new(graph);
    let mut plan = Plan::new(graph, &ranks);
    order::order(&plan.vertices, &mut plan.rows);
    let mut middles = place::place(&plan.vertices, &plan.rows);
    let lanes = lanes(graph, &ranks);
    let ports = Ports::new(&plan, &middles, &lanes);
    straighten::straighten(&plan, &ports, &mut middles);
    drawn(&plan, &lanes, &ports, middles)
}
