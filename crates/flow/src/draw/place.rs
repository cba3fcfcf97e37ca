//! Where things stand from left to right: near the middle of their neighbours, and never too close.

use super::layout::{Kind, Rows, Vertex};

/// How often the rows are gone over.
const SWEEPS: usize = 40;
/// The same for a picture of very many edges.
const SWEEPS_OF_MANY: usize = 8;
const MANY: usize = 4_000;

/// Which neighbours a row is moved towards.
#[derive(Clone, Copy)]
enum Towards {
    Above,
    Below,
    Both,
}

/// The middles of all vertices, each row in its order and with its gaps kept.
pub(super) fn place(vertices: &[Vertex], rows: &Rows) -> Vec<f64> {
    let mut middles = vec![0.0; vertices.len()];
    for row in rows {
        let offsets = offsets(vertices, row);
        let half = offsets.last().copied().unwrap_or_default() / 2.0;
        for (vertex, offset) in row.iter().zip(offsets) {
            middles[*vertex] = offset - half;
        }
    }
    let sweeps = if vertices.len() > MANY {
        SWEEPS_OF_MANY
    } else {
        SWEEPS
    };
    for sweep in 0..sweeps {
        let (down, up) = if sweep < sweeps / 4 {
            (Towards::Above, Towards::Below)
        } else {
            (Towards::Both, Towards::Both)
        };
        for row in rows {
            settle(vertices, row, &mut middles, down);
        }
        for row in rows.iter().rev() {
            settle(vertices, row, &mut middles, up);
        }
    }
    middles
}

/// How far each vertex of a row is at least from the first one.
fn offsets(vertices: &[Vertex], row: &[usize]) -> Vec<f64> {
    let mut at = 0.0;
    let mut before: Option<&Vertex> = None;
    row.iter()
        .map(|vertex| {
            let vertex = &vertices[*vertex];
            if let Some(before) = before {
                at += before.apart(vertex);
            }
            before = Some(vertex);
            at
        })
        .collect()
}

/// Moves a row to where its neighbours pull it, as far as the gaps allow.
///
/// Without the offsets the middles only have to ascend: the closest such row is found by joining
/// neighbours that would overtake each other and moving them to their common mean.
fn settle(vertices: &[Vertex], row: &[usize], middles: &mut [f64], towards: Towards) {
    let offsets = offsets(vertices, row);
    let mut joined: Vec<(f64, f64, usize)> = Vec::with_capacity(row.len());
    for (vertex, offset) in row.iter().zip(&offsets) {
        let (wish, weight) = wish(vertices, *vertex, middles, towards);
        let mut block = (wish - offset, weight, 1);
        while let Some((before, before_weight, count)) = joined.pop_if(|last| last.0 > block.0) {
            let weight = before_weight + block.1;
            let mean = (before * before_weight + block.0 * block.1) / weight;
            block = (mean, weight, count + block.2);
        }
        joined.push(block);
    }
    let settled = joined
        .iter()
        .flat_map(|(at, _, count)| std::iter::repeat_n(at, *count));
    for ((vertex, offset), at) in row.iter().zip(&offsets).zip(settled) {
        middles[*vertex] = at + offset;
    }
}

/// Where a vertex is pulled to, and how strongly.
fn wish(vertices: &[Vertex], number: usize, middles: &[f64], towards: Towards) -> (f64, f64) {
    let vertex = &vertices[number];
    let (above, below) = match towards {
        Towards::Above => (&vertex.above[..], &[][..]),
        Towards::Below => (&[][..], &vertex.below[..]),
        Towards::Both => (&vertex.above[..], &vertex.below[..]),
    };
    let (mut sum, mut weights) = (0.0, 0.0);
    for neighbour in above.iter().chain(below) {
        let weight = pull(vertex.kind, vertices[*neighbour].kind);
        sum += middles[*neighbour] * weight;
        weights += weight;
    }
    if weights > 0.0 {
        (sum / weights, weights)
    } else {
        (middles[number], 0.1)
    }
}

/// How strongly two vertices pull at each other. The pieces of a trunk hold together most, for it to be
/// straight; a trunk does not follow those that join it.
const fn pull(one: Kind, other: Kind) -> f64 {
    match (one, other) {
        (Kind::Trunk, Kind::Trunk) => 12.0,
        (Kind::Box, Kind::Bend) | (Kind::Bend, Kind::Box) => 4.0,
        (Kind::Box, Kind::Label) | (Kind::Label, Kind::Box) => 2.0,
        _ => 1.0,
    }
}
