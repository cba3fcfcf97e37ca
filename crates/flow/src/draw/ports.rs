//! Where lines leave and enter the nodes.

use std::collections::BTreeMap;

use super::layout::Kind;
use super::layout::inset;
use super::plan::Plan;

/// How far lines at one side of a node are apart at most.
const MOST_STEP: f64 = 20.0;
/// How far from the end of a node's side no line is.
const CORNER: f64 = 12.0;

/// Where lines leave and enter the nodes, from the nodes' middles.
pub(super) struct Ports {
    /// By the number of the edge.
    pub(super) out: BTreeMap<usize, f64>,
    /// By the number of the edge; all that come by the trunk enter at the same place.
    pub(super) into: BTreeMap<usize, f64>,
}

/// A line at one side of a node: where it comes from or goes to, and whose it is.
struct Line {
    towards: f64,
    /// Whether the node is turned to it: the plain way on, or what comes from above.
    is_main: bool,
    arcs: Vec<usize>,
}

impl Ports {
    pub(super) fn new(plan: &Plan<'_>, middles: &[f64], lanes: &[Option<usize>]) -> Self {
        let mut leaving: Vec<Vec<Line>> = plan.boxes.iter().map(|_| Vec::new()).collect();
        let mut coming: Vec<Vec<Line>> = plan.boxes.iter().map(|_| Vec::new()).collect();
        let mut by_trunk: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (arc, ends) in plan.graph.arcs.iter().enumerate() {
            let bend = plan.bends[arc];
            let line = |towards, is_main| Line {
                towards,
                is_main,
                arcs: vec![arc],
            };
            let is_plain = plan.vertices[bend].kind == Kind::Bend;
            leaving[ends.from].push(line(middles[bend], is_plain && lanes[arc].is_none()));
            if let Some(lane) = lanes[arc] {
                // Lanes are to the right of everything.
                coming[ends.to].push(line(1e9 + lane as f64, false));
            } else if plan.is_long(arc) {
                by_trunk.entry(ends.to).or_default().push(arc);
            } else {
                coming[ends.to].push(line(middles[bend], true));
            }
        }
        for (node, arcs) in by_trunk {
            let last = plan.trunks[&node].1.last();
            coming[node].push(Line {
                towards: last.map_or(0.0, |last| middles[*last]),
                is_main: true,
                arcs,
            });
        }
        Self {
            out: spread(plan, leaving),
            into: spread(plan, coming),
        }
    }
}

fn spread(plan: &Plan<'_>, sides: Vec<Vec<Line>>) -> BTreeMap<usize, f64> {
    let sides = sides.into_iter().enumerate();
    sides
        .flat_map(|(node, side)| spread_side(plan, node, side))
        .collect()
}

/// Gives lines at one side of a node their places, in the order of where they lead, with the main ones
/// in the middle as far as there is room for the others beside them.
fn spread_side(plan: &Plan<'_>, node: usize, mut lines: Vec<Line>) -> Vec<(usize, f64)> {
    lines.sort_by(|one, other| one.towards.total_cmp(&other.towards));
    let width = plan.vertices[plan.boxes[node]].width;
    let half = width / 2.0 - inset(&plan.graph.nodes[node].kind) - CORNER;
    let last = lines.len().saturating_sub(1) as f64;
    let step = (2.0 * half / last.max(1.0)).min(MOST_STEP);
    let mains = lines.iter().enumerate().filter(|(_, line)| line.is_main);
    let mains: Vec<f64> = mains.map(|(at, _)| at as f64).collect();
    let middle = match (mains.first(), mains.last()) {
        (Some(first), Some(last)) => f64::midpoint(*first, *last),
        _ => last / 2.0,
    };
    let first = (-step * middle).clamp(-half, (half - step * last).max(-half));
    let ports = lines.into_iter().enumerate();
    ports
        .flat_map(|(at, line)| {
            let port = (first + step * at as f64).round();
            line.arcs.into_iter().map(move |arc| (arc, port))
        })
        .collect()
}
