//! In which order things stand in their row: so that few edges cross.

use super::layout::{Rows, Vertex};

/// How often the rows are gone over, down and up by turns.
const SWEEPS: usize = 12;
/// The same for a picture of very many edges.
const SWEEPS_OF_MANY: usize = 4;
const MANY: usize = 8_000;

/// Orders each row by the means of the neighbours' places, and keeps the best order that was met.
pub(super) fn order(vertices: &[Vertex], rows: &mut Rows) {
    let mut places = vec![0; vertices.len()];
    number(rows, &mut places);
    let mut best = (crossings(vertices, rows, &places), rows.clone());
    let sweeps = if vertices.len() > MANY {
        SWEEPS_OF_MANY
    } else {
        SWEEPS
    };
    for sweep in 0..sweeps {
        if best.0 == 0 {
            break;
        }
        let is_down = sweep % 2 == 0;
        for step in 0..rows.len() {
            let row = if is_down { step } else { rows.len() - 1 - step };
            sort(&mut rows[row], vertices, &mut places, is_down);
        }
        let crossings = crossings(vertices, rows, &places);
        if crossings < best.0 {
            best = (crossings, rows.clone());
        }
    }
    *rows = best.1;
}

fn number(rows: &Rows, places: &mut [usize]) {
    for row in rows {
        for (place, vertex) in row.iter().enumerate() {
            places[*vertex] = place;
        }
    }
}

/// Sorts a row by the means of its neighbours above or below; who has none there stays.
fn sort(row: &mut [usize], vertices: &[Vertex], places: &mut [usize], is_down: bool) {
    let mean = |vertex: &usize| {
        let neighbours = if is_down {
            &vertices[*vertex].above
        } else {
            &vertices[*vertex].below
        };
        let sum: usize = neighbours.iter().map(|neighbour| places[*neighbour]).sum();
        if neighbours.is_empty() {
            places[*vertex] as f64
        } else {
            sum as f64 / neighbours.len() as f64
        }
    };
    let mut means: Vec<(f64, usize)> = row.iter().map(|vertex| (mean(vertex), *vertex)).collect();
    means.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (place, (_, vertex)) in means.into_iter().enumerate() {
        row[place] = vertex;
        places[vertex] = place;
    }
}

/// How many pairs of edges between neighbouring rows cross.
fn crossings(vertices: &[Vertex], rows: &Rows, places: &[usize]) -> usize {
    let between = |row: &Vec<usize>| {
        let mut ends = Vec::new();
        for vertex in row {
            let begin = ends.len();
            ends.extend(vertices[*vertex].below.iter().map(|below| places[*below]));
            ends[begin..].sort_unstable();
        }
        inversions(&ends)
    };
    rows.iter().map(between).sum()
}

/// How many pairs stand in the wrong order, by sums over a tree of counts.
fn inversions(ends: &[usize]) -> usize {
    let size = ends.iter().max().map_or(0, |most| most + 1);
    let mut counts = vec![0_usize; size + 1];
    let mut inversions = 0;
    for (seen, end) in ends.iter().enumerate() {
        let mut not_larger = 0;
        let mut at = end + 1;
        while at > 0 {
            not_larger += counts[at];
            at &= at - 1;
        }
        inversions += seen - not_larger;
        at = end + 1;
        while at <= size {
            counts[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    inversions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_are_counted() {
        assert_eq!(inversions(&[]), 0);
        assert_eq!(inversions(&[0, 1, 1, 2]), 0);
        assert_eq!(inversions(&[3, 2, 1, 0]), 6);
        assert_eq!(inversions(&[1, 0, 2, 1]), 2);
    }
}
