//! How high the rows stand, and where the edges that close a loop run beside and between them.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::layout::{BOX_HEIGHT, LABEL_HEIGHT};
use super::plan::Plan;
use super::rank::Ranks;

/// From a node to the row between, and from there to the next node.
const GAP_BELOW_BOX: f64 = 22.0;
const GAP_ABOVE_BOX: f64 = 34.0;
/// How much more for each pixel that a line goes aside, and at most: a flat line is hard to follow.
const GAP_PER_PIXEL: f64 = 0.05;
const MOST_GAP: f64 = 30.0;
/// How far lines beside each other are apart.
const LINES_APART: f64 = 10.0;

/// The lane of each edge that closes a loop: short loops are inside, and no two share a piece of one.
pub(super) fn lanes(graph: &Graph<'_>, ranks: &Ranks) -> Vec<Option<usize>> {
    let rows = |arc: usize| (ranks.of[graph.arcs[arc].to], ranks.of[graph.arcs[arc].from]);
    let mut loops: Vec<usize> = (0..graph.arcs.len())
        .filter(|arc| ranks.is_back[*arc])
        .collect();
    loops.sort_by_key(|arc| {
        let (high, low) = rows(*arc);
        (low.abs_diff(high), high)
    });
    let mut lanes = vec![None; graph.arcs.len()];
    let mut held: Vec<Vec<(usize, usize)>> = Vec::new();
    for arc in loops {
        let (high, low) = rows(arc);
        let is_free = |lane: &Vec<(usize, usize)>| {
            lane.iter()
                .all(|(other_high, other_low)| low < *other_high || *other_low < high)
        };
        let lane = held.iter().position(is_free).unwrap_or(held.len());
        if lane == held.len() {
            held.push(Vec::new());
        }
        held[lane].push((high, low));
        lanes[arc] = Some(lane);
    }
    lanes
}

/// Where the rows are, and where in the gaps between them the loops run.
pub(super) struct Heights {
    pub(super) tops: Vec<f64>,
    pub(super) bottoms: Vec<f64>,
    pub(super) end: f64,
    /// By the number of the edge, where it leaves its row.
    pub(super) out: BTreeMap<usize, f64>,
    /// By the number of the edge, where it comes into its row.
    pub(super) into: BTreeMap<usize, f64>,
}

impl Heights {
    pub(super) fn new(plan: &Plan<'_>, lanes: &[Option<usize>], middles: &[f64]) -> Self {
        let rows = Loops::of(plan, lanes);
        let mut heights = Self {
            tops: Vec::new(),
            bottoms: Vec::new(),
            end: 0.0,
            out: BTreeMap::new(),
            into: BTreeMap::new(),
        };
        for (rank, loops) in rows.iter().enumerate() {
            heights.end += LINES_APART * loops.coming.len() as f64;
            // Inner lanes are nearer to the row, so that the lines do not cross on their way to it.
            for (at, arc) in loops.coming.iter().enumerate() {
                let height = heights.end - 18.0 - LINES_APART * at as f64;
                heights.into.insert(*arc, height);
            }
            heights.row(BOX_HEIGHT, GAP_BELOW_BOX + gap(plan, 2 * rank, middles));
            heights.row(if loops.has_label { LABEL_HEIGHT } else { 0.0 }, 0.0);
            for (at, arc) in loops.leaving.iter().enumerate() {
                let height = heights.end + 12.0 + LINES_APART * at as f64;
                heights.out.insert(*arc, height);
            }
            heights.end += LINES_APART * loops.leaving.len() as f64;
            if rank + 1 < rows.len() {
                heights.end += GAP_ABOVE_BOX + gap(plan, 2 * rank + 1, middles);
            }
        }
        heights
    }

    fn row(&mut self, height: f64, gap: f64) {
        self.tops.push(self.end);
        self.bottoms.push(self.end + height);
        self.end += height + gap;
    }
}

/// What a row of nodes needs room for besides itself: the edges of loops by their lanes, and labels.
#[derive(Default)]
struct Loops {
    leaving: Vec<usize>,
    coming: Vec<usize>,
    has_label: bool,
}

impl Loops {
    fn of(plan: &Plan<'_>, lanes: &[Option<usize>]) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        rows.resize_with(plan.rows.len() / 2, Self::default);
        let mut arcs: Vec<usize> = (0..lanes.len()).collect();
        arcs.sort_by_key(|arc| lanes[*arc]);
        for arc in arcs {
            let ends = &plan.graph.arcs[arc];
            let (from, to) = (plan.ranks.of[ends.from], plan.ranks.of[ends.to]);
            rows[from].has_label |= !plan.labels[arc].is_empty();
            if lanes[arc].is_some() {
                rows[from].leaving.push(arc);
                rows[to].coming.push(arc);
            }
        }
        rows
    }
}

/// How much room more a row has below it, by how far the lines there go aside.
fn gap(plan: &Plan<'_>, row: usize, middles: &[f64]) -> f64 {
    let aside = plan.rows[row].iter().flat_map(|vertex| {
        let below = plan.vertices[*vertex].below.iter();
        below.map(|below| (middles[*vertex] - middles[*below]).abs())
    });
    let most = aside.fold(0.0, f64::max);
    (most * GAP_PER_PIXEL).min(MOST_GAP).round()
}
