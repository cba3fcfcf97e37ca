//! Whatever the document and whatever comes in: no panic, no endless walk, each step after the one before.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ringback_flow::{Document, Flow, Happening, Input, Next, Run, System, Variables, draw, read};
use serde_json::{Value, json};

use crate::player::Player;

/// What a node is made of: its type and where its edges lead, by numbers that are taken modulo.
#[derive(Debug, Clone)]
struct Plan {
    kind: u8,
    /// The edge that is not `next`.
    other: usize,
    /// Whether `next` leads anywhere instead of to the node after this one.
    astray: bool,
    optional: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    (0_u8..8, 0_usize..64, 0_u8..12, any::<bool>()).prop_map(|(kind, other, astray, optional)| {
        Plan {
            kind,
            other,
            astray: astray == 0,
            optional,
        }
    })
}

/// Nodes in a row, each leading to the one after it, with other edges to anywhere.
fn document(plans: &[Plan]) -> Value {
    let last = plans.len() + 1;
    let id = |number: usize| format!("n{number}");
    let start = json!({ "id": "n0", "type": "start", "trigger": { "intent": "x" }, "next": "n1" });
    let nodes = plans.iter().enumerate().map(|(place, plan)| {
        let number = place + 1;
        let other = id(plan.other % last + 1);
        let next = if plan.astray { other.clone() } else { id(number + 1) };
        let mut node = match plan.kind {
            0 => json!({ "type": "reply", "text": "${A} ${B}" }),
            1 => json!({ "type": "condition", "otherwise": other,
                "cases": [{ "when": { "test": { "variable": "A", "operator": "equals", "value": "x" } }, "next": next }] }),
            2 => json!({ "type": "api_call", "url": "https://a.example/", "outputs": ["A"], "on_exception": other }),
            3 => json!({ "type": "branch", "text": "?", "variable": "B", "otherwise": other,
                "options": [{ "text": "x", "next": next }] }),
            4 => json!({ "type": "branch", "text": "?", "options": [{ "text": "x", "next": next }, { "text": "y", "next": other }] }),
            5 => json!({ "type": "api_call", "url": "https://a.example/", "inputs": [{ "name": "A", "kind": "custom" }] }),
            6 => json!({ "type": "collect", "items": [
                { "variable": "B", "description": "b", "optional": true, "ask": "b?" } ] }),
            _ => json!({ "type": "collect", "items": [
                { "variable": "A", "description": "a", "optional": plan.optional },
                { "variable": "B", "description": "b", "optional": plan.optional } ] }),
        };
        node["id"] = json!(id(number));
        if !matches!(plan.kind, 1 | 3 | 4) {
            node["next"] = json!(next);
        }
        node
    });
    let end = if plans.len().is_multiple_of(2) {
        "end"
    } else {
        "transfer"
    };
    let all: Vec<Value> = std::iter::once(start)
        .chain(nodes)
        .chain([json!({ "id": id(last), "type": end })])
        .collect();
    json!({ "name": "random", "variables": { "A": "", "B": "" }, "nodes": all })
}

/// Watches a run: where it is, and that each step belongs there.
struct Watch<'a> {
    flow: &'a Flow,
    at: Option<usize>,
}

impl Watch<'_> {
    fn see(&mut self, happened: &[Happening], next: &Next, run: &Run) -> Result<(), TestCaseError> {
        let mut passed = 0;
        for happening in happened {
            match happening {
                Happening::Passed { node, next } => {
                    passed += 1;
                    prop_assert_eq!(Some(*node), self.at, "it passes the node where it is");
                    let edges = self.flow.node(*node).kind.edges();
                    if let Some(next) = next {
                        let to = &self.flow.node(*next).id;
                        prop_assert!(edges.iter().any(|edge| edge.to == to), "along an edge");
                    }
                    self.at = *next;
                }
                Happening::Said { node, .. }
                | Happening::FellBack { node }
                | Happening::Odd { node, .. } => {
                    prop_assert_eq!(Some(*node), self.at, "it speaks where it is");
                }
            }
        }
        let nodes = self.flow.document().nodes.len();
        prop_assert!(passed <= 2 * nodes + 2, "{} of {} nodes", passed, nodes);
        match next {
            Next::Over(_) => prop_assert_eq!(self.at, None),
            Next::Call { node, .. } => prop_assert_eq!(self.at, Some(*node)),
            Next::Pick(pick) => prop_assert_eq!(self.at, Some(pick.node)),
            Next::User => prop_assert!(self.at.is_some()),
        }
        if let Some(at) = self.at {
            prop_assert_eq!(run.at(), &self.flow.node(at).id);
        }
        Ok(())
    }
}

/// Answers whatever is needed, by random numbers, until it is over or the numbers are.
fn play(flow: &Flow, numbers: &[u8]) -> Result<(), TestCaseError> {
    let message = ["x", "y", "a 12", "", "没有"];
    let message = |number: u8| message[usize::from(number) % message.len()];
    let first = numbers.first().map(|number| message(*number));
    let (mut player, _) = Player::begin(flow, first, &[]);
    let (_, begun) = Run::begin(flow, &mut Variables::new(), &player.system, first);
    let mut watch = Watch {
        flow,
        at: Some(flow.start()),
    };
    watch.see(&begun.happened, &begun.next, &player.run)?;
    let mut next = begun.next;
    for &number in numbers {
        let value = message(number).to_owned();
        let picked = [(usize::from(number % 3), value.clone())];
        let answer = [(
            ["A", "C", "a b", "SystemSessionID"][usize::from(number / 8 % 4)].to_owned(),
            value.clone(),
        )];
        let input = match &next {
            Next::User => Input::Message(&value),
            Next::Pick(_) => Input::Picked(&picked[usize::from(number % 2)..]),
            Next::Call { .. } if number % 4 == 0 => Input::Failed,
            Next::Call { .. } => Input::Answered(&answer),
            Next::Over(_) => break,
        };
        let advance = player.advance(input).expect("what it needs");
        watch.see(&advance.happened, &advance.next, &player.run)?;
        next = advance.next;
    }
    Ok(())
}

#[test]
fn every_flow_that_passes_runs_along_its_edges_and_never_for_ever() {
    const CASES: u32 = 1_000;
    let passed = Cell::new(0);
    let random = (
        proptest::collection::vec(plan(), 1..14),
        proptest::collection::vec(any::<u8>(), 0..40),
    );
    let mut runner = TestRunner::new(Config::with_cases(CASES));
    let outcome = runner.run(&random, |(plans, numbers)| {
        let document = document(&plans).to_string();
        let Ok(flow) = Flow::parse(document.as_bytes()) else {
            return Ok(());
        };
        passed.set(passed.get() + 1);
        play(&flow, &numbers)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(
        passed.get() > CASES / 4,
        "only {} of {CASES} documents could run",
        passed.get()
    );
}

/// A text that may be anything, or one that others may be as well.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ab]",
        1 => prop_oneof![Just("SystemSessionID"), Just("${a}"), Just("${"), Just("(")].prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn expression() -> impl Strategy<Value = Value> {
    let operator = proptest::sample::select(ringback_flow::document::Operator::ALL);
    let test = (word(), operator, word()).prop_map(|(variable, operator, value)| {
        json!({ "test": { "variable": variable, "operator": operator, "value": value } })
    });
    test.prop_recursive(4, 16, 3, |inner| {
        let several = proptest::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            several
                .clone()
                .prop_map(|members| json!({ "all": members })),
            several.prop_map(|members| json!({ "any": members })),
            inner.prop_map(|member| json!({ "not": member })),
        ]
    })
}

/// A node with anything in it.
fn node() -> impl Strategy<Value = Value> {
    let words = || proptest::collection::vec(word(), 4);
    (0_u8..8, words(), words(), expression(), any::<(u64, u8, bool)>()).prop_map(
        |(kind, names, texts, when, (deadline, retries, optional))| {
            let [id, next, other, variable] = &names[..] else { unreachable!() };
            let [name, text, value, more] = &texts[..] else { unreachable!() };
            let mut node = match kind {
                0 => json!({ "type": "start", "next": next, "trigger": { "intent": text, "examples": [value, more] } }),
                1 => json!({ "type": "collect", "next": next, "items": [
                    { "variable": variable, "description": text, "ask": value, "optional": optional, "quick_replies": [more] },
                    { "variable": other, "description": value, "pattern": more } ] }),
                2 => json!({ "type": "branch", "text": text, "variable": variable, "otherwise": other,
                    "options": [{ "text": value, "next": next }, { "text": more, "next": other }] }),
                3 => json!({ "type": "condition", "otherwise": other, "cases": [{ "when": when, "next": next }] }),
                4 => json!({ "type": "api_call", "url": text, "next": next, "on_exception": other, "deadline_ms": deadline,
                    "retries": retries, "outputs": [variable], "inputs": [{ "name": name, "kind": "custom", "from": variable },
                    { "name": value, "kind": "fixed", "value": more }, { "name": more, "kind": "collected" }] }),
                5 => json!({ "type": "reply", "text": text, "next": next }),
                6 => json!({ "type": "transfer", "text": text }),
                _ => json!({ "type": "end" }),
            };
            node["id"] = json!(id);
            node["name"] = json!(name);
            node
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn whatever_stands_in_a_document_it_is_read_judged_and_drawn(
        name in word(), nodes in proptest::collection::vec(node(), 0..6), message in any::<String>(),
    ) {
        let text = json!({ "name": name, "nodes": nodes }).to_string();
        let document = read(text.as_bytes()).unwrap();
        let written = serde_json::to_string(&document).unwrap();
        prop_assert_eq!(read(written.as_bytes()), Ok(document.clone()));
        draw::svg(&document, None);
        match Flow::new(document) {
            Ok(flow) => drop(Run::begin(&flow, &mut Variables::new(), &System::default(), Some(&message))),
            Err(faults) => prop_assert!(!faults.is_empty(), "refused without a fault: {}", text),
        }
    }

    #[test]
    fn whatever_the_bytes_a_document_is_read_or_refused(bytes in any::<Vec<u8>>(), place in any::<usize>()) {
        let _ = Flow::parse(&bytes);
        // A document that is damaged in one place.
        let mut text = crate::documents::SAMPLE.as_bytes().to_vec();
        let place = place % text.len();
        text.splice(place..(place + bytes.len()).min(crate::documents::SAMPLE.len()), bytes);
        if let Err(faults) = Flow::parse(&text) {
            prop_assert!(!faults.is_empty());
        }
        let _: Result<Document, _> = serde_json::from_slice(&text);
    }
}
