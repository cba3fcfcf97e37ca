//! The flow as a Mermaid flowchart.

use std::fmt::Write as _;

use super::graph::{Graph, Way};
use super::look::Look;
use super::text::shown;
use super::{Path, look};
use crate::document::{Document, NodeKind};

/// The longest text of a node or an edge, in characters.
const MAX_TEXT: usize = 60;

/// The flow as a Mermaid flowchart, with the way of a run marked on it.
///
/// The shapes tell the node types of section 2.8 apart. Nodes are called `n0`, `n1`, … after their place
/// in the document, since an id may be a word of Mermaid's own.
pub fn mermaid(document: &Document, path: Option<Path<'_>>) -> String {
    let graph = Graph::new(document);
    let way = Way::new(&graph, path);
    let mut text = String::from("flowchart TD\n");
    for (number, node) in graph.nodes.iter().enumerate() {
        let (open, close) = brackets(&node.kind);
        let name = quoted(node.shown_name());
        line(
            &mut text,
            format_args!("n{number}{open}{name}{close}:::is_{}", node.kind.as_str()),
        );
    }
    for arc in &graph.arcs {
        let arrow = if arc.is_exception { "-.->" } else { "-->" };
        let label = match arc.label.as_str() {
            "" => String::new(),
            label => format!("|{}|", quoted(label)),
        };
        line(
            &mut text,
            format_args!("n{} {arrow}{label} n{}", arc.from, arc.to),
        );
    }
    colour(&mut text, &graph);
    mark(&mut text, &graph, &way);
    text
}

/// Gives each type that is there its colours. Their classes have names of their own, since `end` is a word
/// of Mermaid's.
fn colour(text: &mut String, graph: &Graph<'_>) {
    for look in &look::LOOKS {
        let Look {
            kind, fill, stroke, ..
        } = look;
        let mut kinds = graph.nodes.iter().map(|node| node.kind.as_str());
        if kinds.any(|other| other == *kind) {
            line(
                text,
                format_args!("classDef is_{kind} fill:{fill},stroke:{stroke},color:#1b2330"),
            );
        }
    }
}

/// Marks the nodes and edges that a run passed.
fn mark(text: &mut String, graph: &Graph<'_>, way: &Way) {
    if way.steps.is_empty() {
        return;
    }
    let passed: Vec<String> = way
        .steps
        .keys()
        .map(|number| format!("n{number}"))
        .collect();
    line(
        text,
        format_args!("classDef is_passed stroke:{},stroke-width:3px", look::WAY),
    );
    line(text, format_args!("class {} is_passed", passed.join(",")));
    let arcs = graph.arcs.iter().enumerate();
    let arcs = arcs.filter(|(_, arc)| way.has(arc));
    let arcs: Vec<String> = arcs.map(|(number, _)| number.to_string()).collect();
    if !arcs.is_empty() {
        let arcs = arcs.join(",");
        line(
            text,
            format_args!("linkStyle {arcs} stroke:{},stroke-width:3px", look::WAY),
        );
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "    {line}").expect("writing to a string never fails");
}

/// What stands around the name of a node of this type.
const fn brackets(kind: &NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Start(_) => ("([", "])"),
        NodeKind::Collect(_) => ("[/", "/]"),
        NodeKind::Branch(_) => ("{{", "}}"),
        NodeKind::Condition(_) => ("{", "}"),
        NodeKind::ApiCall(_) => ("[[", "]]"),
        NodeKind::Reply(_) => ("(", ")"),
        NodeKind::Transfer(_) => ("[\\", "/]"),
        NodeKind::End(_) => ("(((", ")))"),
    }
}

/// A text in quotes, where every sign that may mean something to Mermaid is written as its number.
///
/// That is more than the quotes: `%%{` begins a directive and `#` a number anywhere, a backtick makes
/// Markdown of the text, and Markdown takes `1.` for a list.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut shown = text.chars().filter_map(shown);
    for character in shown.by_ref().take(MAX_TEXT) {
        match character {
            '-' if quoted.len() > 1 => quoted.push('-'),
            ' ' | ',' | '?' | '!' | '(' | '/' | '=' => quoted.push(character),
            sign if sign.is_ascii_punctuation() => {
                write!(quoted, "#{};", u32::from(sign)).expect("writing to a string never fails");
            }
            other => quoted.push(other),
        }
    }
    if shown.next().is_some() {
        quoted.push('…');
    }
    // Mermaid takes no empty text.
    if quoted.len() == 1 {
        quoted.push(' ');
    }
    quoted.push('"');
    quoted
}
