//! The last touch: what is nearly straight becomes straight, where nothing stands in the way.

use super::layout::Kind;
use super::plan::Plan;
use super::ports::Ports;

/// How far a node is moved for it.
const NEARLY: f64 = 40.0;

/// Moves nodes under the only node that leads to them, pieces of trunks under each other, and edges under
/// their node or above it.
pub(super) fn straighten(plan: &Plan<'_>, ports: &Ports, middles: &mut [f64]) {
    let mut places = vec![(0, 0); plan.vertices.len()];
    for (row, vertices) in plan.rows.iter().enumerate() {
        for (place, vertex) in vertices.iter().enumerate() {
            places[*vertex] = (row, place);
        }
    }
    let mut straight = Straight {
        plan,
        places,
        middles,
    };
    straight.nodes(ports);
    for (_, pieces) in plan.trunks.values() {
        straight.trunk(pieces);
    }
    straight.edges(ports);
}

struct Straight<'a> {
    plan: &'a Plan<'a>,
    /// The row of each vertex and its place in it.
    places: Vec<(usize, usize)>,
    middles: &'a mut [f64],
}

impl Straight<'_> {
    /// The vertex at this side of another, and how far their middles are apart at least.
    fn beside(&self, vertex: usize, is_right: bool) -> Option<(usize, f64)> {
        let (row, place) = self.places[vertex];
        let place = if is_right {
            place + 1
        } else {
            place.checked_sub(1)?
        };
        let beside = *self.plan.rows[row].get(place)?;
        let (own, other) = (&self.plan.vertices[vertex], &self.plan.vertices[beside]);
        Some((beside, own.apart(other)))
    }

    /// From where to where a vertex can be moved while its neighbours stay.
    fn room(&self, vertex: usize) -> (f64, f64) {
        let least = self.beside(vertex, false);
        let least = least.map(|(before, apart)| self.middles[before] + apart);
        let most = self.beside(vertex, true);
        let most = most.map(|(after, apart)| self.middles[after] - apart);
        (
            least.unwrap_or(f64::NEG_INFINITY),
            most.unwrap_or(f64::INFINITY),
        )
    }

    fn move_to(&mut self, vertex: usize, middle: f64) {
        let (least, most) = self.room(vertex);
        if least <= middle && middle <= most {
            self.middles[vertex] = middle;
        }
    }

    /// Moves a vertex; a label in the way is moved on, if it has room.
    fn push_to(&mut self, vertex: usize, middle: f64) {
        let is_right = middle > self.middles[vertex];
        if let Some((beside, apart)) = self.beside(vertex, is_right) {
            let pushed = if is_right {
                self.middles[beside].max(middle + apart)
            } else {
                self.middles[beside].min(middle - apart)
            };
            if self.plan.vertices[beside].kind == Kind::Label {
                self.move_to(beside, pushed);
            }
        }
        self.move_to(vertex, middle);
    }

    fn nodes(&mut self, ports: &Ports) {
        let graph = self.plan.graph;
        let mut coming = vec![Vec::new(); graph.nodes.len()];
        for (arc, ends) in graph.arcs.iter().enumerate() {
            if self.plan.ranks.is_back[arc] {
                continue;
            }
            coming[ends.to].push(arc);
        }
        let mut nodes = self.plan.ranks.found.clone();
        nodes.sort_by_key(|node| self.plan.ranks.of[*node]);
        for node in nodes {
            let [arc] = coming[node][..] else {
                continue;
            };
            let ends = &graph.arcs[arc];
            let from = self.middles[self.plan.boxes[ends.from]];
            let port = ports.out.get(&arc).unwrap_or(&0.0) - ports.into.get(&arc).unwrap_or(&0.0);
            let vertex = self.plan.boxes[node];
            if (from + port - self.middles[vertex]).abs() < NEARLY {
                self.move_to(vertex, from + port);
            }
        }
    }

    /// Makes pieces straight from the node upwards, as far as they have room in common.
    fn trunk(&mut self, pieces: &[usize]) {
        let mut end = pieces.len();
        while end > 0 {
            let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
            let mut begin = end;
            while begin > 0 {
                let (left, right) = self.room(pieces[begin - 1]);
                if least.max(left) > most.min(right) {
                    break;
                }
                (least, most) = (least.max(left), most.min(right));
                begin -= 1;
            }
            if begin == end {
                // Its neighbours are too near by a rounding: it stays.
                end -= 1;
                continue;
            }
            let run = &pieces[begin..end];
            let sum: f64 = run.iter().map(|piece| self.middles[*piece]).sum();
            let middle = (sum / run.len() as f64).clamp(least, most);
            for piece in run {
                self.middles[*piece] = middle;
            }
            end = begin;
        }
    }

    /// An edge without a label turns below its node, one with a label stands above the node it leads to.
    fn edges(&mut self, ports: &Ports) {
        for (arc, ends) in self.plan.graph.arcs.iter().enumerate() {
            let bend = self.plan.bends[arc];
            let from =
                self.middles[self.plan.boxes[ends.from]] + ports.out.get(&arc).unwrap_or(&0.0);
            let into =
                self.middles[self.plan.boxes[ends.to]] + ports.into.get(&arc).unwrap_or(&0.0);
            let is_direct = !self.plan.is_long(arc) && !self.plan.ranks.is_back[arc];
            if self.plan.vertices[bend].kind == Kind::Label && is_direct {
                self.push_to(bend, into);
            } else {
                self.push_to(bend, from);
            }
        }
    }
}
