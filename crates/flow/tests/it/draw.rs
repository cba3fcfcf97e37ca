//! Flows as pictures.

use std::collections::BTreeSet;

use proptest::prelude::*;
use ringback_flow::Document;
use ringback_flow::draw::{Path, mermaid, svg};
use serde_json::json;

/// Every node type, a loop, an edge over several rows, and edges beside each other.
fn after_sales() -> Document {
    let text = json!({
        "name": "after-sales",
        "description": "订单状态、退款与转人工 — what a customer may want after an order",
        "nodes": [
            {"id": "start", "type": "start", "trigger": {"intent": "The user asks about an order"}, "next": "which"},
            {"id": "which", "name": "Which order?", "type": "collect", "next": "status", "items": [
                {"variable": "OrderID", "description": "order number"},
                {"variable": "Phone", "description": "手机号", "optional": true}]},
            {"id": "status", "name": "Look the order up", "type": "api_call", "url": "https://shop.example.com/order-status?x=1",
                "next": "found", "on_exception": "agent"},
            {"id": "found", "name": "Is there one?", "type": "condition", "otherwise": "agent", "cases": [
                {"when": {"test": {"variable": "OrderStatus", "operator": "empty"}}, "next": "unknown"},
                {"when": {"test": {"variable": "OrderStatus", "operator": "equals", "value": "已发货"}}, "next": "tell"}]},
            {"id": "unknown", "name": "没有这个订单", "type": "reply", "text": "没有找到订单 ${OrderID}，请核对后再试一次。", "next": "which"},
            {"id": "tell", "name": "Tell it", "type": "reply", "text": "Order ${OrderID} is ${OrderStatus}.", "next": "more"},
            {"id": "more", "name": "还需要什么？", "type": "branch", "text": "Anything else?", "otherwise": "agent", "options": [
                {"text": "Another order", "next": "which"},
                {"text": "Send it back", "next": "refund"},
                {"text": "没有了，谢谢", "next": "bye"},
                {"text": "No", "next": "bye"}]},
            {"id": "refund", "name": "Ask for the refund", "type": "api_call", "url": "https://shop.example.com/refund",
                "next": "bye", "on_exception": "agent"},
            {"id": "agent", "name": "转人工", "type": "transfer", "text": "I bring you to a person."},
            {"id": "bye", "name": "Done", "type": "end"}
        ]
    });
    serde_json::from_value(text).unwrap()
}

const WAY: &[&str] = &[
    "start", "which", "status", "found", "unknown", "which", "status", "found", "tell", "more",
    "refund", "agent",
];

#[test]
fn a_flow_is_drawn_as_mermaid() {
    insta::assert_snapshot!(mermaid(&after_sales(), None));
}

#[test]
fn the_way_of_a_run_is_marked_in_mermaid() {
    insta::assert_snapshot!(mermaid(&after_sales(), Some(Path(WAY))));
}

#[test]
fn a_flow_is_drawn_as_svg() {
    insta::assert_snapshot!(svg(&after_sales(), None));
}

#[test]
fn the_way_of_a_run_is_marked_in_the_svg() {
    insta::assert_snapshot!(svg(&after_sales(), Some(Path(WAY))));
}

/// A document of plain nodes: each with the numbers of those it leads to.
fn web(edges: &[Vec<usize>]) -> Document {
    let id = |number: usize| format!("node-{number}");
    let nodes = edges.iter().enumerate().map(|(number, targets)| match &targets[..] {
        [] => json!({"id": id(number), "type": "end"}),
        [next] if number == 0 => {
            json!({"id": id(number), "type": "start", "next": id(*next), "trigger": {"intent": "x"}})
        }
        [next] => json!({"id": id(number), "type": "reply", "text": "好的 ${A}", "next": id(*next)}),
        [next, exception] => json!({"id": id(number), "type": "api_call", "url": "https://a.example/b",
            "next": id(*next), "on_exception": id(*exception)}),
        [otherwise, rest @ ..] => {
            let options = rest.iter().map(|next| json!({"text": format!("to {next}"), "next": id(*next)}));
            let options: Vec<_> = options.collect();
            json!({"id": id(number), "type": "branch", "text": "?", "options": options, "otherwise": id(*otherwise)})
        }
    });
    let nodes: Vec<_> = nodes.collect();
    serde_json::from_value(json!({"name": "web", "nodes": nodes})).unwrap()
}

/// What stands in an SVG: its elements' names, and the ids of its boxes. It is XML, or this fails.
fn read(svg: &str) -> (Vec<String>, Vec<String>) {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let (mut names, mut boxes) = (Vec::new(), Vec::new());
    let mut depth = 0_i32;
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                depth += i32::from(matches!(event, Event::Start(_)));
                names.push(element.name().as_ref().to_owned());
                for attribute in element.attributes() {
                    let attribute = attribute.unwrap();
                    let value = attribute
                        .normalized_value(quick_xml::XmlVersion::Explicit1_0)
                        .unwrap();
                    if attribute.key.as_ref() == "data-node" {
                        boxes.push(value.into_owned());
                    }
                }
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{svg}");
    (names, boxes)
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "</text><script>alert(1)</script>\" ' & ]] }} | #35; %%{init}%% `x` \n\u{0}\u{7}\u{202e}\u{ffff} 1. --> end";
    let text = json!({
        "name": hostile, "description": hostile,
        "nodes": [
            {"id": hostile, "name": hostile, "type": "start", "trigger": {"intent": hostile}, "next": "b"},
            {"id": "b", "name": hostile, "type": "branch", "text": hostile, "otherwise": "b",
                "options": [{"text": hostile, "next": hostile}, {"text": "", "next": "nowhere"}]},
            {"id": "", "name": "", "type": "api_call", "url": hostile, "next": ""}
        ]
    });
    let document: Document = serde_json::from_value(text).unwrap();
    let drawn = svg(&document, Some(Path(&[hostile, "b", "nowhere", "b"])));
    let (names, boxes) = read(&drawn);
    assert!(!names.iter().any(|name| name == "script"));
    assert_eq!(boxes.len(), 3);
    assert!(!drawn.contains(['\u{0}', '\u{7}', '\u{202e}', '\u{ffff}']));
    insta::assert_snapshot!(mermaid(
        &document,
        Some(Path(&[hostile, "b", "nowhere", "b"]))
    ));
}

#[test]
fn a_document_with_faults_is_drawn_as_far_as_it_goes() {
    let empty: Document = serde_json::from_value(json!({"name": "", "nodes": []})).unwrap();
    assert_eq!(mermaid(&empty, None), "flowchart TD\n");
    assert!(read(&svg(&empty, Some(Path(&["x"])))).1.is_empty());
    // Nowhere to begin, an edge to nowhere, one to itself, and an id twice.
    let text = json!({"name": "faulty", "nodes": [
        {"id": "a", "type": "reply", "text": "", "next": "nowhere"},
        {"id": "b", "type": "reply", "text": "", "next": "b"},
        {"id": "a", "type": "end"}]});
    let faulty: Document = serde_json::from_value(text).unwrap();
    assert_eq!(read(&svg(&faulty, None)).1, ["a", "b"]);
    let edges = mermaid(&faulty, None).matches("-->").count();
    assert_eq!(edges, 1);
}

#[test]
fn a_large_flow_is_drawn() {
    const NODES: usize = 500;
    let chain: Vec<Vec<usize>> = (0..NODES)
        .map(|number| match number {
            499 => vec![],
            498 => vec![499],
            0 => vec![1],
            number => vec![number + 1, 499],
        })
        .collect();
    let wide: Vec<Vec<usize>> = (0..NODES)
        .map(|number| {
            if number == 0 {
                (1..NODES).collect()
            } else {
                vec![]
            }
        })
        .collect();
    let tangled: Vec<Vec<usize>> = (0..NODES)
        .map(|number| {
            (1..8)
                .map(|step| (number * step * 7 + step * step) % NODES)
                .collect()
        })
        .collect();
    for edges in [chain, wide, tangled] {
        let (_, boxes) = read(&svg(&web(&edges), None));
        assert_eq!(boxes.len(), NODES);
    }
}

/// The rectangles of the boxes and the labels, as they are drawn.
fn rectangles(svg: &str) -> (Vec<[f64; 4]>, Vec<[f64; 4]>) {
    let number = |text: &str, name: &str| -> f64 {
        let begin = text.find(name).unwrap() + name.len();
        let rest = &text[begin..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
            .unwrap();
        rest[..end].parse().unwrap()
    };
    let labels = svg
        .lines()
        .filter(|line| line.starts_with("<rect class=\"flow-label"));
    let labels = labels
        .map(|line| [" x=\"", " y=\"", " width=\"", " height=\""].map(|name| number(line, name)));
    let boxes = svg.split("<g data-node=").skip(1).map(|node| {
        let (x, rest) = (
            number(node, "translate("),
            &node[node.find("translate(").unwrap()..],
        );
        let y = number(rest, " ");
        // Its texts stand in its middle.
        [x, y, 2.0 * number(node, " x=\""), 62.0]
    });
    (boxes.collect(), labels.collect())
}

fn overlap(one: &[f64; 4], other: &[f64; 4]) -> bool {
    let apart = |axis: usize| {
        one[axis] + one[axis + 2] <= other[axis] + 1.0
            || other[axis] + other[axis + 2] <= one[axis] + 1.0
    };
    !apart(0) && !apart(1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_the_edges_each_node_is_drawn_once_and_nothing_lies_on_another(
        edges in (1_usize..24).prop_flat_map(|count| {
            // One number above the last: an edge that leads nowhere.
            proptest::collection::vec(proptest::collection::vec(0..=count, 0..5), count)
        }),
        path in proptest::collection::vec(0_usize..26, 0..30),
    ) {
        let document = web(&edges);
        let path: Vec<String> = path.iter().map(|number| format!("node-{number}")).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let drawn = svg(&document, Some(Path(&path)));
        prop_assert_eq!(&drawn, &svg(&document, Some(Path(&path))));
        let (_, boxes) = read(&drawn);
        let ids: BTreeSet<&str> = document.nodes.iter().map(|node| node.id.as_str()).collect();
        prop_assert_eq!(boxes.len(), document.nodes.len());
        prop_assert_eq!(boxes.iter().map(String::as_str).collect::<BTreeSet<_>>(), ids);
        let (boxes, labels) = rectangles(&drawn);
        let all: Vec<&[f64; 4]> = boxes.iter().chain(&labels).collect();
        for (place, one) in all.iter().enumerate() {
            for other in &all[..place] {
                prop_assert!(!overlap(one, other), "{:?} and {:?} in {}", one, other, drawn);
            }
        }
        let text = mermaid(&document, Some(Path(&path)));
        let edges = document.nodes.iter().flat_map(|node| node.kind.edges());
        let there = edges.filter(|edge| document.nodes.iter().any(|node| node.id == edge.to));
        prop_assert_eq!(text.matches("-->").count() + text.matches("-.->").count(), there.count());
    }

    #[test]
    fn whatever_the_names_the_svg_is_xml(name in any::<String>(), id in any::<String>(), label in any::<String>()) {
        let mut document = web(&[vec![1], vec![2, 0, 1], vec![]]);
        document.name.clone_from(&name);
        document.description.clone_from(&label);
        document.nodes[0].id = id;
        document.nodes[1].name = name;
        if let ringback_flow::NodeKind::Branch(branch) = &mut document.nodes[1].kind {
            branch.options[0].text = label;
        }
        prop_assert_eq!(read(&svg(&document, None)).1.len(), 3);
        mermaid(&document, None);
    }
}
