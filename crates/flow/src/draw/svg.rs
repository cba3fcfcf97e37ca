//! The flow as an SVG picture that needs nothing else.

use std::fmt::Write as _;

use super::geometry::{arrow, back, curve, outline, shortened};
use super::graph::{Graph, Way};
use super::layout::{
    BOX_HEIGHT, DETAIL_SIZE, Frame, LABEL_SIZE, Layout, NAME_SIZE, Point, Route, layout, padding,
};
use super::text::{cut, escaped, width};
use super::{Path, look};
use crate::document::{Document, Node};

const MARGIN: f64 = 32.0;
const TITLE_SIZE: f64 = 18.0;
const MOST_TITLE: f64 = 480.0;
const LEAST_PAGE: f64 = 320.0;
const FONT: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif";

macro_rules! put {
    ($text:expr, $($arguments:tt)*) => {
        writeln!($text, $($arguments)*).expect("writing to a string never fails")
    };
}

/// The flow as an SVG picture, with the way of a run marked on it.
///
/// Rows from the start downwards; edges that close a loop go up at the side. Shape, colour and a word
/// tell the node types of section 2.8 apart, and the passed nodes carry the numbers of their steps.
/// Edges between the same two nodes are one line. By night the picture is dark, where its reader is.
pub fn svg(document: &Document, path: Option<Path<'_>>) -> String {
    let graph = Graph::new(document).merged();
    let way = Way::new(&graph, path);
    let layout = layout(&graph);
    let name = width(&cut(&document.name, TITLE_SIZE, MOST_TITLE), TITLE_SIZE);
    let page = (layout.width.max(name) + 2.0 * MARGIN).max(LEAST_PAGE);
    let head = if document.description.trim().is_empty() {
        72.0
    } else {
        94.0
    };
    let height = head + layout.height + MARGIN;
    let mut text = String::new();
    put!(
        text,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{page:.0}" height="{height:.0}" viewBox="0 0 {page:.0} {height:.0}" role="img" font-family="{}">"#,
        escaped(FONT)
    );
    put!(text, "<title>{}</title>", escaped(&document.name));
    put!(text, "<style>{}</style>", night());
    put!(
        text,
        r##"<rect class="flow-paper" width="100%" height="100%" fill="#fafbfc"/>"##
    );
    heading(&mut text, document, page - 2.0 * MARGIN);
    let left = ((page - layout.width) / 2.0).round();
    put!(text, r#"<g transform="translate({left:.0} {head:.0})">"#);
    let drawing = Drawing {
        graph: &graph,
        way: &way,
        layout: &layout,
    };
    drawing.draw(&mut text);
    text.push_str("</g>\n</svg>\n");
    text
}

/// The colours by night. By day they stand at the elements, so that the picture has them where no style
/// is taken.
fn night() -> String {
    let mut rules = String::from(concat!(
        ".flow-paper,.flow-label{fill:#14181e}.flow-label{stroke:#3b4554}",
        ".flow-name{fill:#eef1f5}.flow-dim{fill:#a5b0bf}",
        ".flow-line{stroke:#76839a}.flow-point{fill:#76839a}",
    ));
    let (way, step) = (look::WAY_DARK, "#14181e");
    for look in &look::LOOKS {
        let (kind, fill, stroke) = (look.kind, look.dark_fill, look.dark_stroke);
        let rule = format!(
            ".flow-{kind}{{fill:{fill};stroke:{stroke}}}.flow-{kind}-line{{stroke:{stroke}}}.flow-{kind}-word{{fill:{stroke}}}"
        );
        rules.push_str(&rule);
    }
    let passed = format!(
        ".flow-way{{stroke:{way}}}.flow-way-point,.flow-step{{fill:{way}}}.flow-step-number{{fill:{step}}}"
    );
    format!("@media (prefers-color-scheme:dark){{{rules}{passed}}}")
}

fn heading(text: &mut String, document: &Document, room: f64) {
    let name = escaped(&cut(&document.name, TITLE_SIZE, room));
    put!(
        text,
        r##"<text class="flow-name" x="{MARGIN}" y="42" font-size="{TITLE_SIZE}" font-weight="600" fill="#1b2330">{name}</text>"##
    );
    let description = escaped(&cut(&document.description, 12.5, room));
    if !description.is_empty() {
        put!(
            text,
            r##"<text class="flow-dim" x="{MARGIN}" y="63" font-size="12.5" fill="#5d6878">{description}</text>"##
        );
    }
}

struct Drawing<'a> {
    graph: &'a Graph<'a>,
    way: &'a Way,
    layout: &'a Layout,
}

impl Drawing<'_> {
    /// Everything, with what must be seen last.
    fn draw(&self, text: &mut String) {
        self.lines(text);
        self.way(text);
        self.labels(text);
        for (number, frame) in self.layout.boxes.iter().enumerate() {
            self.node(text, number, *frame);
        }
        self.steps(text);
    }

    /// The edges; those of a run's way are drawn over them later.
    fn lines(&self, text: &mut String) {
        put!(
            text,
            r##"<g class="flow-line" fill="none" stroke="#8894a6" stroke-width="1.6">"##
        );
        for (node, points) in &self.layout.trunks {
            line(text, &curve(&shortened(points)), self.is_exceptional(*node));
        }
        for (arc, route) in self.graph.arcs.iter().zip(&self.layout.routes) {
            let data = match route {
                Route::Down { points, joins } if *joins => curve(points),
                Route::Down { points, .. } => curve(&shortened(points)),
                Route::Back(edge) => back(edge),
            };
            line(text, &data, arc.is_exception);
        }
        put!(text, "</g>");
        let ends: String = self.ends().map(arrow).collect();
        put!(
            text,
            r##"<path class="flow-point" fill="#8894a6" d="{ends}"/>"##
        );
    }

    /// Whether only exceptions lead by the trunk to a node.
    fn is_exceptional(&self, node: usize) -> bool {
        let arcs = self.graph.arcs.iter().zip(&self.layout.routes);
        let mut joining = arcs.filter(|(arc, route)| {
            arc.to == node && matches!(route, Route::Down { joins: true, .. })
        });
        joining.all(|(arc, _)| arc.is_exception)
    }

    /// Where lines end at a node.
    fn ends(&self) -> impl Iterator<Item = Point> {
        let trunks = self.layout.trunks.values();
        let trunks = trunks.filter_map(|points| points.last().copied());
        let routes = self.layout.routes.iter().filter_map(|route| match route {
            Route::Down { joins: true, .. } => None,
            Route::Down { points, .. } => points.last().copied(),
            Route::Back(edge) => Some(edge.end),
        });
        trunks.chain(routes)
    }

    /// The edges that a run took, each from its node to its node.
    fn way(&self, text: &mut String) {
        let arcs = self.graph.arcs.iter().zip(&self.layout.routes);
        let passed = arcs.filter(|(arc, _)| self.way.has(arc));
        let mut ends = String::new();
        let mut lines = String::new();
        for (arc, route) in passed {
            let (data, end) = match route {
                Route::Down { points, joins } => {
                    let points = self.whole(arc.to, points, *joins);
                    (curve(&shortened(&points)), points.last().copied())
                }
                Route::Back(edge) => (back(edge), Some(edge.end)),
            };
            line(&mut lines, &data, arc.is_exception);
            ends.extend(end.map(arrow));
        }
        if !lines.is_empty() {
            let colour = look::WAY;
            put!(
                text,
                r#"<g class="flow-way" fill="none" stroke="{colour}" stroke-width="3.2">"#
            );
            put!(text, "{lines}</g>");
            put!(
                text,
                r#"<path class="flow-way-point" fill="{colour}" d="{ends}"/>"#
            );
        }
    }

    /// The points of an edge with those of the trunk from where it joins it.
    fn whole(&self, node: usize, points: &[Point], joins: bool) -> Vec<Point> {
        let mut points = points.to_vec();
        if let Some(trunk) = self.layout.trunks.get(&node).filter(|_| joins) {
            let joined = points.last().map_or(0.0, |last| last.1);
            points.extend(trunk.iter().filter(|point| point.1 > joined));
        }
        points
    }

    fn labels(&self, text: &mut String) {
        for (arc, label) in self.graph.arcs.iter().zip(&self.layout.labels) {
            let Some((
                label,
                Frame {
                    left,
                    top,
                    width,
                    height,
                },
            )) = label
            else {
                continue;
            };
            let stroke = if self.way.has(arc) {
                look::WAY
            } else {
                "#d3d9e1"
            };
            let rect = if self.way.has(arc) {
                "flow-label flow-way"
            } else {
                "flow-label"
            };
            put!(
                text,
                r##"<rect class="{rect}" x="{left:.0}" y="{top:.0}" width="{width:.0}" height="{height}" rx="6" fill="#fafbfc" stroke="{stroke}"/>"##
            );
            let (x, y) = (left + width / 2.0, top + height / 2.0 + LABEL_SIZE * 0.35);
            let label = escaped(label);
            put!(
                text,
                r##"<text class="flow-dim" x="{x:.0}" y="{y:.0}" font-size="{LABEL_SIZE}" text-anchor="middle" fill="#3d4653">{label}</text>"##
            );
        }
    }

    fn node(&self, text: &mut String, number: usize, frame: Frame) {
        let node = self.graph.nodes[number];
        let look = look::of(&node.kind);
        let (kind, id) = (look.kind, escaped(&node.id));
        let Frame {
            left,
            top,
            width: w,
            ..
        } = frame;
        put!(
            text,
            r#"<g data-node="{id}" transform="translate({left:.0} {top:.0})">"#
        );
        put!(text, "<title>{id}</title>");
        let (outer, inner) = outline(&node.kind, frame);
        let is_passed = self.way.steps.contains_key(&number);
        let (class, stroke, thick) = if is_passed {
            (" flow-way", look::WAY, 3.0)
        } else {
            ("", look.stroke, 1.6)
        };
        put!(
            text,
            r#"<path class="flow-{kind}{class}" fill="{}" stroke="{stroke}" stroke-width="{thick}" stroke-linejoin="round" d="{outer}"/>"#,
            look.fill
        );
        if !inner.is_empty() {
            put!(
                text,
                r#"<path class="flow-{kind}-line" fill="none" stroke="{}" d="{inner}"/>"#,
                look.stroke
            );
        }
        write_in(text, node, w);
        put!(text, "</g>");
    }

    /// The numbers of the steps at which a run passed the nodes.
    fn steps(&self, text: &mut String) {
        for (node, steps) in &self.way.steps {
            let shown: Vec<String> = match &steps[..] {
                [first, second, .., last] if steps.len() > 3 => {
                    vec![first.to_string(), second.to_string(), format!("… {last}")]
                }
                few => few.iter().map(usize::to_string).collect(),
            };
            let shown = shown.join(" · ");
            let frame = self.layout.boxes[*node];
            let w = (width(&shown, 11.0) + 12.0).max(20.0).ceil();
            let (x, y) = (frame.left - 8.0, frame.top - 10.0);
            put!(
                text,
                r#"<rect class="flow-step" x="{x:.0}" y="{y:.0}" width="{w:.0}" height="20" rx="10" fill="{}"/>"#,
                look::WAY
            );
            put!(
                text,
                r##"<text class="flow-step-number" x="{:.0}" y="{:.0}" font-size="11" font-weight="700" text-anchor="middle" fill="#ffffff">{shown}</text>"##,
                x + w / 2.0,
                y + 14.0
            );
        }
    }
}

fn line(text: &mut String, data: &str, is_exception: bool) {
    let dashes = if is_exception {
        r#" stroke-dasharray="6 4""#
    } else {
        ""
    };
    put!(text, r#"<path{dashes} d="{data}"/>"#);
}

/// Writes into a node its type's word, its name, and what it is about.
fn write_in(text: &mut String, node: &Node, w: f64) {
    let look = look::of(&node.kind);
    let kind = look.kind;
    let room = w - padding(node);
    let detail = escaped(&cut(&look::detail(node), DETAIL_SIZE, room));
    let lines = if detail.is_empty() {
        [25.0, 44.0]
    } else {
        [18.0, 36.0]
    };
    let name = escaped(&cut(node.shown_name(), NAME_SIZE, room));
    let (x, [word, named]) = (w / 2.0, lines);
    put!(text, r#"<g text-anchor="middle">"#);
    put!(
        text,
        r#"<text class="flow-{kind}-word" x="{x}" y="{word}" font-size="8.5" font-weight="700" letter-spacing="0.8" fill="{}">{}</text>"#,
        look.stroke,
        look.word
    );
    put!(
        text,
        r##"<text class="flow-name" x="{x}" y="{named}" font-size="{NAME_SIZE}" font-weight="600" fill="#1b2330">{name}</text>"##
    );
    if !detail.is_empty() {
        put!(
            text,
            r##"<text class="flow-dim" x="{x}" y="{}" font-size="{DETAIL_SIZE}" fill="#5d6878">{detail}</text>"##,
            BOX_HEIGHT - 10.0
        );
    }
    put!(text, "</g>");
}
