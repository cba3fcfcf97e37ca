//! Runs, step by step: what is said, which way is taken, what is needed next.

use ringback_flow::{Flow, Phase};
use serde_json::{Value, json};

use crate::documents::{SAMPLE, document, flow, ready};
use crate::player::{Player, pairs};

fn sample() -> Flow {
    Flow::parse(SAMPLE.as_bytes()).unwrap()
}

#[test]
fn the_sample_goes_from_a_question_to_the_status_of_the_order() {
    let flow = sample();
    let (mut run, told) = Player::begin(&flow, Some("Where is my order?"), &[]);
    assert_eq!(
        told,
        [
            "node-start-1 -> node-collect-1",
            r#"needs [0] of "Where is my order?", asked for None"#
        ]
    );
    let question = "node-collect-1 asked: Which order is it? Its number is on the receipt.";
    assert_eq!(run.picks(&[]), [question, "needs the user"]);
    assert_eq!(
        run.hears("12345"),
        [r#"needs [0] of "12345", asked for Some(0)"#]
    );
    let call = r#"needs node-api-1 [("SystemClientUserID", "user517"), ("OrderID", "12345"), ("type", "1")]"#;
    assert_eq!(
        run.picks(&[(0, "12345")]),
        ["node-collect-1 -> node-api-1", call]
    );
    let told = run.answered(&[
        ("OrderFound", "yes"),
        ("OrderStatus", "sent"),
        ("OrderEta", "Monday"),
    ]);
    assert_eq!(
        told,
        [
            "node-api-1 -> node-condition-1",
            "node-condition-1 -> node-reply-eta",
            "node-reply-eta replied: Order 12345 is sent; it arrives Monday.",
            "node-reply-eta -> node-end-1",
            "node-end-1 -> |",
            "is ended",
        ]
    );
}

#[test]
fn another_number_is_asked_for_anew_and_a_person_takes_over() {
    let flow = sample();
    let (mut run, _) = Player::begin(&flow, Some("status of 12345"), &[]);
    assert_eq!(
        run.picks(&[(0, "12345")])[0],
        "node-collect-1 -> node-api-1",
        "nothing is asked that was said"
    );
    let told = run.answered(&[("OrderFound", "no"), ("OrderStatus", ""), ("OrderEta", "")]);
    let question = "node-branch-1 offered: I do not know an order 12345. What shall I do? [Try another number] [Talk to a person] [Never mind]";
    assert_eq!(
        told[1..],
        [
            "node-condition-1 -> node-branch-1",
            question,
            "needs the user"
        ]
    );
    assert_eq!(
        run.hears("what?"),
        [question, "needs the user"],
        "what is no choice is asked again"
    );
    let asked = "node-collect-1 asked: Which order is it? Its number is on the receipt.";
    assert_eq!(
        run.hears("1"),
        ["node-branch-1 -> node-collect-1", asked, "needs the user"]
    );
    assert_eq!(run.collected(), [], "what did not do is forgotten");
    run.hears("99999");
    run.picks(&[(0, "99999")]);
    run.answered(&[("OrderFound", "no"), ("OrderStatus", ""), ("OrderEta", "")]);
    assert_eq!(
        run.hears("Talk to a person"),
        [
            "node-branch-1 -> node-transfer-1",
            "node-transfer-1 transferring: (its own words)",
            "node-transfer-1 -> |",
            "is transferred",
        ]
    );
}

#[test]
fn a_failed_call_takes_the_exception_edge_or_ends_the_run() {
    let mut document: Value = serde_json::from_str(SAMPLE).unwrap();
    for (edge, expected) in [
        (
            true,
            vec![
                "node-api-1 -> node-reply-sorry",
                "node-reply-sorry replied: The shop's system does not answer at the moment; please ask again a little later.",
                "node-reply-sorry -> node-end-1",
                "node-end-1 -> |",
                "is ended",
            ],
        ),
        (
            false,
            vec!["node-api-1 fell back", "node-api-1 -> |", "is failed"],
        ),
    ] {
        if !edge {
            let nodes = document["nodes"].as_array_mut().unwrap();
            nodes[2].as_object_mut().unwrap().remove("on_exception");
            nodes.retain(|node| node["id"] != "node-reply-sorry");
        }
        let flow = ready(&document);
        let (mut run, _) = Player::begin(&flow, Some("12345"), &[]);
        run.picks(&[(0, "12345")]);
        assert_eq!(run.fails(), expected);
        assert_eq!(run.run.phase(), Phase::Over);
    }
}

/// A call, then a reply with these variables.
fn calling(more: &Value, text: &str) -> Flow {
    let mut call =
        json!({ "id": "call", "type": "api_call", "url": "https://a.example/", "next": "tell" });
    for (name, value) in more.as_object().unwrap() {
        call[name] = value.clone();
    }
    flow(
        "ask",
        &json!([
        { "id": "ask", "type": "collect", "next": "call", "items": [{ "variable": "OrderID", "description": "number" }] },
        call,
        { "id": "tell", "type": "reply", "text": text, "next": "end" },
        { "id": "end", "type": "end" } ]),
    )
}

#[test]
fn what_the_business_answers_overwrites_what_was_collected_and_what_the_session_had() {
    let flow = calling(
        &json!({ "outputs": ["OrderID", "Status"] }),
        "${OrderID} ${Status}",
    );
    let (mut run, _) = Player::begin(&flow, Some("1"), &[("Status", "old"), ("Other", "kept")]);
    run.picks(&[(0, "1")]);
    let told = run.answered(&[("OrderID", "ORD-1"), ("Status", "new")]);
    assert_eq!(told[1], "tell replied: ORD-1 new");
    assert_eq!(run.collected(), [("OrderID", "ORD-1")]);
    let variables: Vec<_> = run.variables.into_iter().collect();
    assert_eq!(
        variables,
        pairs(&[("OrderID", "ORD-1"), ("Other", "kept"), ("Status", "new")])
    );
}

#[test]
fn what_is_odd_about_an_answer_is_noted_and_what_may_not_be_set_is_refused() {
    let flow = calling(
        &json!({ "outputs": ["A", "B"] }),
        "${A} ${B} ${SystemSessionID}",
    );
    let (mut run, _) = Player::begin(&flow, Some("1"), &[("B", "kept")]);
    run.picks(&[(0, "1")]);
    let long = "x".repeat(65);
    let told = run.answered(&[
        ("A", "1"),
        ("更多", "2"),
        ("SystemSessionID", "mine"),
        ("a b", "3"),
        ("", "4"),
        (&long, "5"),
    ]);
    assert_eq!(
        told,
        [
            "call unlisted: 更多",
            "call refused: SystemSessionID",
            "call refused: a b",
            "call refused: ",
            &format!("call refused: {}", &long[..64]),
            "call missing: B",
            "call -> tell",
            "tell replied: 1 kept session-1",
            "tell -> end",
            "end -> |",
            "is ended",
        ]
    );
    let variables: Vec<_> = run.variables.into_iter().collect();
    assert_eq!(
        variables,
        pairs(&[("A", "1"), ("B", "kept"), ("更多", "2")])
    );
}

#[test]
fn inputs_are_taken_from_where_they_say_and_are_nothing_where_nothing_is_set() {
    let inputs = json!({ "outputs": ["Unset"], "inputs": [
        { "name": "session", "kind": "system", "from": "SystemSessionID" },
        { "name": "service", "kind": "system", "from": "SystemCustomerServiceID" },
        { "name": "SystemChannelType", "kind": "system" },
        { "name": "fixed", "kind": "fixed", "value": "${OrderID}" },
        { "name": "collected", "kind": "collected", "from": "OrderID" },
        { "name": "OrderID", "kind": "custom" },
        { "name": "Unset", "kind": "custom" } ] });
    let flow = calling(&inputs, "[${Unset}]");
    let (mut run, _) = Player::begin(&flow, Some("7"), &[("OrderID", "of the session")]);
    let told = run.picks(&[(0, "7")]);
    assert_eq!(
        told[1],
        r#"needs call [("session", "session-1"), ("service", "@service"), ("SystemChannelType", "SDK"), ("fixed", "${OrderID}"), ("collected", "7"), ("OrderID", "of the session"), ("Unset", "")]"#
    );
    assert_eq!(
        run.answered(&[])[..3],
        ["call missing: Unset", "call -> tell", "tell replied: []"]
    );
}

/// Items: needed, optional and never asked for, optional with a question.
fn collecting() -> Flow {
    flow(
        "ask",
        &json!([
        { "id": "ask", "type": "collect", "next": "tell", "items": [
            { "variable": "Size", "description": "尺码", "quick_replies": ["S", "M"] },
            { "variable": "Note", "description": "a note", "optional": true },
            { "variable": "Gift", "description": "gift", "optional": true, "ask": "A gift, ${Size}?", "quick_replies": ["Yes", "No"] } ] },
        { "id": "tell", "type": "reply", "text": "${Size}/${Note}/${Gift}", "next": "end" },
        { "id": "end", "type": "end" } ]),
    )
}

#[test]
fn items_are_asked_for_one_by_one_and_optional_ones_may_be_nothing() {
    let flow = collecting();
    let (mut run, told) = Player::begin(&flow, None, &[]);
    assert_eq!(
        told,
        [
            "start -> ask",
            "ask asked: 请告诉我：尺码 [S] [M]",
            "needs the user"
        ],
        "nothing was said that could be read"
    );
    assert_eq!(
        run.hears("M"),
        [r#"needs [0, 1, 2] of "M", asked for Some(0)"#]
    );
    assert_eq!(
        run.picks(&[(0, " ")])[0],
        "ask asked: 请告诉我：尺码 [S] [M]",
        "what is needed is not nothing"
    );
    run.hears("M");
    assert_eq!(
        run.picks(&[(0, "M"), (9, "x")])[0],
        "ask asked: A gift, M? [Yes] [No]"
    );
    assert_eq!(
        run.hears("no"),
        [r#"needs [1, 2] of "no", asked for Some(2)"#]
    );
    assert_eq!(
        run.picks(&[(2, "")]),
        [
            "ask -> tell",
            "tell replied: M//",
            "tell -> end",
            "end -> |",
            "is ended"
        ]
    );
    assert_eq!(run.collected(), [("Gift", ""), ("Note", ""), ("Size", "M")]);

    let (mut run, _) = Player::begin(&flow, Some("M, wrapped, yes"), &[]);
    let told = run.picks(&[(0, "M"), (1, "wrapped"), (2, "yes")]);
    assert_eq!(
        told[1], "tell replied: M/wrapped/yes",
        "all of it in one sentence"
    );
    let (mut run, _) = Player::begin(&flow, Some("M"), &[]);
    run.picks(&[(0, &"说".repeat(1_001)), (2, "")]);
    assert_eq!(run.run.collected()["Size"].chars().count(), 1_000);
}

#[test]
fn a_later_collect_reads_what_was_said_before_but_only_the_last_of_it() {
    let flow = flow(
        "first",
        &json!([
        { "id": "first", "type": "branch", "text": "?", "options": [{ "text": "go", "next": "ask" }] },
        { "id": "ask", "type": "collect", "next": "same", "items": [{ "variable": "A", "description": "a" }] },
        { "id": "same", "type": "collect", "next": "end", "items": [{ "variable": "A", "description": "a" }] },
        { "id": "end", "type": "end" } ]),
    );
    let (mut run, _) = Player::begin(&flow, Some("one"), &[]);
    for message in ["two", "three", "four", "five", "six", "seven", "eight"] {
        run.hears(message);
    }
    assert_eq!(
        run.hears("go"),
        [
            "first -> ask",
            r#"needs [0] of "go\neight\nseven\nsix\nfive\nfour\nthree\ntwo", asked for None"#
        ]
    );
    // What the first of two has, the second does not ask for.
    assert_eq!(
        run.picks(&[(0, "x")]),
        ["ask -> same", "same -> end", "end -> |", "is ended"]
    );
}

#[test]
fn a_choice_is_kept_in_its_variable_and_another_answer_leads_otherwise() {
    let nodes = |otherwise: Value| {
        json!([
        { "id": "choose", "type": "branch", "text": "Hello ${SystemClientUserID}", "variable": "Choice", "otherwise": otherwise,
          "options": [{ "text": "退款", "next": "tell" }, { "text": "Change it", "next": "tell" }] },
        { "id": "tell", "type": "reply", "text": "<${Choice}>", "next": "end" },
        { "id": "end", "type": "end" } ])
    };
    let flow = ready(&document("choose", &nodes(json!("tell"))));
    for (message, reply) in [
        ("退款", "tell replied: <退款>"),
        ("2", "tell replied: <Change it>"),
        ("something else", "tell replied: <>"),
    ] {
        let (mut run, told) = Player::begin(&flow, None, &[]);
        assert_eq!(told[1], "choose offered: Hello user517 [退款] [Change it]");
        assert_eq!(run.hears(message)[..2], ["choose -> tell", reply]);
    }
}

#[test]
fn declared_variables_begin_where_the_session_has_none_and_the_first_case_that_holds_counts() {
    let case = |operator: &str, value: &str, next: &str| json!({ "when": { "test": { "variable": "Level", "operator": operator, "value": value } }, "next": next });
    let mut document = document(
        "fork",
        &json!([
        { "id": "fork", "type": "condition", "otherwise": "low",
          "cases": [case("greater", "8", "high"), case("greater", "4", "middle"), case("greater", "8", "low")] },
        { "id": "high", "type": "transfer", "text": "${Level}: a person" },
        { "id": "middle", "type": "end" },
        { "id": "low", "type": "end" } ]),
    );
    document["variables"] = json!({ "Level": "5" });
    let flow = ready(&document);
    for (set, way) in [
        (
            &[][..],
            vec!["start -> fork", "fork -> middle", "middle -> |", "is ended"],
        ),
        (
            &[("Level", "9")],
            vec![
                "start -> fork",
                "fork -> high",
                "high transferring: 9: a person",
                "high -> |",
                "is transferred",
            ],
        ),
        (
            &[("Level", "")],
            vec!["start -> fork", "fork -> low", "low -> |", "is ended"],
        ),
    ] {
        assert_eq!(Player::begin(&flow, None, set).1, way);
    }
}
