//! Lines and outlines as SVG path data.

use std::fmt::Write as _;

use super::layout::{Frame, Loop, Point, inset};
use crate::document::NodeKind;

/// How far before its node a line ends, for its arrow to have a point.
const ARROW: f64 = 8.0;
/// The radius of the corners of a loop's line.
const CORNER: f64 = 8.0;

macro_rules! push {
    ($data:expr, $($arguments:tt)*) => {
        write!($data, $($arguments)*).expect("writing to a string never fails")
    };
}

/// A smooth line down through some points, upright at both ends, that swings past none of them.
///
/// Steffen's interpolation: the slope at a point is bounded by those on both sides of it.
pub(super) fn curve(points: &[Point]) -> String {
    let points = distinct(points);
    let slopes = slopes(&points);
    let mut data = String::new();
    for (at, (x, y)) in points.iter().copied().enumerate() {
        if at == 0 {
            push!(data, "M{x:.0} {y:.0}");
            continue;
        }
        let (from_x, from_y) = points[at - 1];
        if (x - from_x).abs() < 0.5 {
            push!(data, "V{y:.0}");
            continue;
        }
        let third = (y - from_y) / 3.0;
        // Upright ends are held a little longer, which makes a fuller curve.
        let (first, second) = (held(slopes[at - 1], third), held(slopes[at], third));
        let (from_x, from_y) = (from_x + slopes[at - 1] * first, from_y + first);
        let (to_x, to_y) = (x - slopes[at] * second, y - second);
        push!(
            data,
            "C{from_x:.0} {from_y:.0} {to_x:.0} {to_y:.0} {x:.0} {y:.0}"
        );
    }
    data
}

/// How far aside the line goes for each pixel down, at each point.
fn slopes(points: &[Point]) -> Vec<f64> {
    let mut slopes = vec![0.0; points.len()];
    for (at, three) in points.windows(3).enumerate() {
        let (above, below) = (three[1].1 - three[0].1, three[2].1 - three[1].1);
        let before = (three[1].0 - three[0].0) / above;
        let after = (three[2].0 - three[1].0) / below;
        if before * after > 0.0 {
            let mean = (before * below + after * above).abs() / (above + below);
            let bound = 2.0 * before.abs().min(after.abs());
            slopes[at + 1] = before.signum() * mean.min(bound);
        }
    }
    slopes
}

fn held(slope: f64, third: f64) -> f64 {
    if slope == 0.0 { third * 1.6 } else { third }
}

/// The points without those at the height of the one before.
fn distinct(points: &[Point]) -> Vec<Point> {
    let mut distinct: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        if distinct.last().is_none_or(|last| point.1 - last.1 > 0.5) {
            distinct.push(*point);
        }
    }
    distinct
}

/// A line that ends with an arrow: cut by the arrow's length.
pub(super) fn shortened(points: &[Point]) -> Vec<Point> {
    let mut points = points.to_vec();
    if let Some(last) = points.last_mut() {
        last.1 -= ARROW - 1.0;
    }
    points
}

/// The line of a loop: down, to its lane, up, and into its node from above.
pub(super) fn back(edge: &Loop) -> String {
    let Loop { points, end, .. } = edge;
    let (lane, low, high) = (edge.lane, edge.low, edge.high);
    let mut data = curve(points);
    let x = points.last().map_or(end.0, |last| last.0);
    let (right, left) = (lane - CORNER, end.0 + CORNER);
    push!(
        data,
        "V{:.0}Q{x:.0} {low:.0} {:.0} {low:.0}",
        low - CORNER,
        x + CORNER
    );
    push!(
        data,
        "H{right:.0}Q{lane:.0} {low:.0} {lane:.0} {:.0}",
        low - CORNER
    );
    push!(
        data,
        "V{:.0}Q{lane:.0} {high:.0} {right:.0} {high:.0}",
        high + CORNER
    );
    push!(
        data,
        "H{left:.0}Q{:.0} {high:.0} {:.0} {:.0}",
        end.0,
        end.0,
        high + CORNER
    );
    push!(data, "V{:.0}", end.1 - ARROW + 1.0);
    data
}

/// The arrow at the end of a line.
pub(super) fn arrow((x, y): Point) -> String {
    format!("M{x:.0} {y:.0}l-5 -9h10z")
}

/// The outline of a node, and lines within it, by its type.
pub(super) fn outline(kind: &NodeKind, frame: Frame) -> (String, String) {
    let (w, h, slant) = (frame.width, frame.height, inset(kind));
    let middle = h / 2.0;
    let mut inner = String::new();
    let outer = match kind {
        NodeKind::Start(_) => rounded(0.0, w, h, middle),
        NodeKind::End(_) => {
            inner = rounded(4.0, w, h, middle - 4.0);
            rounded(0.0, w, h, middle)
        }
        NodeKind::Collect(_) => format!("M{slant} 0H{w}L{} {h}H0z", w - slant),
        NodeKind::Branch(_) | NodeKind::Condition(_) => format!(
            "M{slant} 0H{}L{w} {middle}L{} {h}H{slant}L0 {middle}z",
            w - slant,
            w - slant
        ),
        NodeKind::ApiCall(_) => {
            inner = format!("M{slant} 0V{h}M{} 0V{h}", w - slant);
            rounded(0.0, w, h, 3.0)
        }
        // A bubble; its tail is where no line leaves.
        NodeKind::Reply(_) => format!(
            "M12 0H{}a12 12 0 0 1 12 12V{}a12 12 0 0 1 -12 12H30L16 {}V{h}H12a12 12 0 0 1 -12 -12V12a12 12 0 0 1 12 -12z",
            w - 12.0,
            h - 12.0,
            h + 10.0
        ),
        NodeKind::Transfer(_) => format!("M0 0H{w}L{} {h}H{slant}z", w - slant),
    };
    (outer, inner)
}

/// A rectangle with round corners, so far within its frame.
fn rounded(within: f64, w: f64, h: f64, r: f64) -> String {
    let (across, down) = (w - 2.0 * within - 2.0 * r, h - 2.0 * within - 2.0 * r);
    format!(
        "M{} {within}h{across}a{r} {r} 0 0 1 {r} {r}v{down}a{r} {r} 0 0 1 -{r} {r}h-{across}a{r} {r} 0 0 1 -{r} -{r}v-{down}a{r} {r} 0 0 1 {r} -{r}z",
        within + r
    )
}
