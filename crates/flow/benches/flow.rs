//! What a flow costs: read and checked, run to its end, found among others, drawn.

use divan::{Bencher, black_box};
use ringback_flow::document::Trigger;
use ringback_flow::matcher::Meaning;
use ringback_flow::{Document, Flow, Input, Next, Run, System, Variables, draw, matcher};
use serde_json::{Value, json};

const SAMPLE: &[u8] = include_bytes!("../../../samples/desk/order-status.flow.json");
const MESSAGE: &str = "Where is my order 12345?";

fn main() {
    divan::main();
}

#[divan::bench]
fn parse_the_sample(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Flow::parse(black_box(SAMPLE)));
}

/// The largest that is taken in nodes, about half of it in bytes.
#[divan::bench]
fn parse_500_nodes(bencher: Bencher<'_, '_>) {
    let text = wide(500).to_string();
    bencher.bench(|| Flow::parse(black_box(text.as_bytes())));
}

/// Conditions that all loop: each of them is walked through from each.
#[divan::bench]
fn refuse_500_nodes_in_loops(bencher: Bencher<'_, '_>) {
    let text = looping(500).to_string();
    bencher.bench(|| Flow::parse(black_box(text.as_bytes())));
}

/// From the first message to the status of the order: `begin`, what was picked, what was answered.
#[divan::bench]
fn run_to_the_end(bencher: Bencher<'_, '_>) {
    let flow = Flow::parse(SAMPLE).expect("the sample passes");
    let system = System::default();
    let picked = [(0, "12345".to_owned())];
    let answered = [
        ("OrderFound", "yes"),
        ("OrderStatus", "sent"),
        ("OrderEta", "Monday"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    bencher.bench(|| {
        let mut variables = Variables::new();
        let (mut run, mut advance) =
            Run::begin(&flow, &mut variables, &system, Some(black_box(MESSAGE)));
        loop {
            let input = match advance.next {
                Next::User => Input::Message(MESSAGE),
                Next::Pick(_) => Input::Picked(&picked),
                Next::Call { .. } => Input::Answered(&answered),
                Next::Over(ending) => return ending,
            };
            let advanced = run.advance(&flow, &mut variables, &system, input);
            advance = advanced.expect("what it waits for");
        }
    });
}

#[divan::bench]
fn choose_among_50_flows(bencher: Bencher<'_, '_>) {
    let meanings: Vec<Meaning> = (0..50)
        .map(|number| Meaning::new(&trigger(number)))
        .collect();
    bencher.bench(|| {
        matcher::choose(
            black_box("I would like to know about topic 31, please"),
            &meanings,
        )
    });
}

#[divan::bench]
fn draw_100_nodes(bencher: Bencher<'_, '_>) {
    let document: Document = serde_json::from_value(wide(100)).expect("a document");
    bencher.bench(|| draw::svg(black_box(&document), None));
}

fn trigger(number: usize) -> Trigger {
    let words = [
        "order",
        "refund",
        "invoice",
        "address",
        "opening hours",
        "发票",
        "退款",
        "地址",
    ];
    let word = words[number % words.len()];
    Trigger {
        intent: format!("The user asks about {word} and topic {number}"),
        examples: (0..6)
            .map(|example| format!("What about {word} {number}, case {example}?"))
            .collect(),
    }
}

/// Branches, conditions and replies in turn, with edges back and ahead.
fn wide(count: usize) -> Value {
    let id = |number: usize| format!("node-{}", number.min(count - 1));
    let node = |number: usize| {
        let (id, next, ahead) = (id(number), id(number + 1), id(number + 7));
        let case = json!({ "when": { "test": { "variable": "Choice", "operator": "equals", "value": "yes" } }, "next": ahead });
        match number % 3 {
            _ if number == 0 => {
                json!({ "id": id, "type": "start", "trigger": { "intent": "x" }, "next": next })
            }
            _ if number == count - 1 => json!({ "id": id, "type": "end" }),
            0 => {
                json!({ "id": id, "type": "branch", "text": "Which?", "variable": "Choice", "options": [
                { "text": "yes", "next": next }, { "text": "no", "next": ahead }, { "text": "again", "next": "node-1" } ] })
            }
            1 => json!({ "id": id, "type": "condition", "cases": [case], "otherwise": next }),
            _ => json!({ "id": id, "type": "reply", "text": "You chose ${Choice}.", "next": next }),
        }
    };
    json!({ "name": "wide", "nodes": (0..count).map(node).collect::<Vec<_>>() })
}

/// Conditions in a row, the last of which leads to the first.
fn looping(count: usize) -> Value {
    let id = |number: usize| format!("n{}", if number == count { 1 } else { number });
    let case = |next: String| json!({ "when": { "test": { "variable": "SystemChannelType", "operator": "equals", "value": "SDK" } }, "next": next });
    let node = |number: usize| {
        json!({
            "id": id(number), "type": "condition", "otherwise": id(number + 1),
            "cases": [case(id(number + 1)), case(id(number + 1))],
        })
    };
    let start =
        json!({ "id": "start", "type": "start", "trigger": { "intent": "x" }, "next": "n1" });
    let nodes: Vec<Value> = std::iter::once(start).chain((1..count).map(node)).collect();
    json!({ "name": "looping", "nodes": nodes })
}
