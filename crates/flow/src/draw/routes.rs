//! The places of everything, as they are drawn.

use super::lanes::Heights;
use super::layout::{BOX_HEIGHT, Frame, LABEL_HEIGHT, Layout, Loop, Point, Route};
use super::plan::Plan;
use super::ports::Ports;

/// From the picture to the first lane, and how far lanes are apart.
const LANE_GAP: f64 = 14.0;
const LANES_APART: f64 = 18.0;

/// Everything that is needed to say where something is.
struct Drawing<'a> {
    plan: &'a Plan<'a>,
    middles: Vec<f64>,
    ports: &'a Ports,
    lanes: &'a [Option<usize>],
    side: f64,
    heights: Heights,
}

impl Drawing<'_> {
    fn frame(&self, node: usize) -> Frame {
        let vertex = self.plan.boxes[node];
        let width = self.plan.vertices[vertex].width;
        Frame {
            left: self.middles[vertex] - width / 2.0,
            top: self.heights.tops[2 * self.plan.ranks.of[node]],
            width,
            height: BOX_HEIGHT,
        }
    }

    fn label(&self, arc: usize) -> Option<(String, Frame)> {
        let label = &self.plan.labels[arc];
        let vertex = self.plan.bends[arc];
        let width = self.plan.vertices[vertex].width;
        let row = 2 * self.plan.ranks.of[self.plan.graph.arcs[arc].from] + 1;
        let frame = Frame {
            left: self.middles[vertex] - width / 2.0,
            top: self.heights.tops[row],
            width,
            height: LABEL_HEIGHT,
        };
        (!label.is_empty()).then(|| (label.clone(), frame))
    }

    /// Straight down through a row.
    fn through(&self, vertex: usize, row: usize) -> [Point; 2] {
        let middle = self.middles[vertex];
        [
            (middle, self.heights.tops[row]),
            (middle, self.heights.bottoms[row]),
        ]
    }

    /// Where an edge enters its node.
    fn end(&self, arc: usize) -> Point {
        let node = self.plan.graph.arcs[arc].to;
        let frame = self.frame(node);
        let middle = self.middles[self.plan.boxes[node]];
        (
            middle + self.ports.into.get(&arc).unwrap_or(&0.0),
            frame.top,
        )
    }

    fn route(&self, arc: usize) -> Route {
        let ends = &self.plan.graph.arcs[arc];
        let row = 2 * self.plan.ranks.of[ends.from];
        let source =
            self.middles[self.plan.boxes[ends.from]] + self.ports.out.get(&arc).unwrap_or(&0.0);
        let mut points = vec![(source, self.heights.bottoms[row])];
        points.extend(self.through(self.plan.bends[arc], row + 1));
        if let Some(lane) = self.lanes[arc] {
            return Route::Back(Loop {
                points,
                lane: self.side + LANES_APART * lane as f64,
                low: self.heights.out[&arc],
                high: self.heights.into[&arc],
                end: self.end(arc),
            });
        }
        let joins = self.plan.is_long(arc);
        if joins {
            let (first, pieces) = &self.plan.trunks[&ends.to];
            points.push(self.through(pieces[row + 2 - first], row + 2)[0]);
        } else {
            points.push(self.end(arc));
        }
        Route::Down { points, joins }
    }

    fn trunk(&self, node: usize) -> Vec<Point> {
        let (first, pieces) = &self.plan.trunks[&node];
        let pieces = pieces.iter().enumerate();
        let mut points: Vec<Point> = pieces
            .flat_map(|(at, piece)| self.through(*piece, first + at))
            .collect();
        let arcs = self.plan.graph.arcs.iter().enumerate();
        let mut long = arcs.filter(|(arc, ends)| ends.to == node && self.plan.is_long(*arc));
        points.extend(long.next().map(|(arc, _)| self.end(arc)));
        points
    }
}

/// The picture of a plan whose vertices have their middles.
pub(super) fn drawn(
    plan: &Plan<'_>,
    lanes: &[Option<usize>],
    ports: &Ports,
    mut middles: Vec<f64>,
) -> Layout {
    let Some((left, right)) = sides(plan, &middles) else {
        return Layout::default();
    };
    for middle in &mut middles {
        *middle = (*middle - left).round();
    }
    let drawing = Drawing {
        plan,
        ports,
        heights: Heights::new(plan, lanes, &middles),
        middles,
        lanes,
        side: (right - left).round() + LANE_GAP,
    };
    let last = lanes.iter().flatten().max();
    let beside = last.map_or(-LANE_GAP, |last| LANES_APART * *last as f64);
    let (nodes, arcs) = (0..plan.boxes.len(), 0..plan.bends.len());
    let trunks = plan.trunks.keys();
    Layout {
        boxes: nodes.map(|node| drawing.frame(node)).collect(),
        trunks: trunks.map(|node| (*node, drawing.trunk(*node))).collect(),
        routes: arcs.clone().map(|arc| drawing.route(arc)).collect(),
        labels: arcs.map(|arc| drawing.label(arc)).collect(),
        width: drawing.side + beside,
        height: drawing.heights.end,
    }
}

/// From where to where the vertices reach, where there are any.
fn sides(plan: &Plan<'_>, middles: &[f64]) -> Option<(f64, f64)> {
    let ends = plan.vertices.iter().zip(middles);
    let ends =
        ends.map(|(vertex, middle)| (middle - vertex.width / 2.0, middle + vertex.width / 2.0));
    ends.reduce(|(left, right), (start, end)| (left.min(start), right.max(end)))
}
