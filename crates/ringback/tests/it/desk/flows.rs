//! `ringback flow`: a document from its faults to what users meet.

use super::shop::{FLOW, Shop, conversation, hidden};
use crate::support::Place;

/// A flow with a fault of almost every node.
fn faulty() -> String {
    FLOW.replace(
        "\"next\": \"node-condition-1\"",
        "\"next\": \"node-nowhere\"",
    )
    .replace("([0-9]{4,12})", "([0-9]{4,12}")
    .replace("${OrderStatus}.", "${OrderState}.")
    .replace("http://127.0.0.1:8090", "ftp://127.0.0.1:8090")
}

#[test]
fn a_document_is_checked_without_a_server() {
    let place = Place::new();
    place.write("faulty.flow.json", &faulty());
    place.write("right.flow.json", FLOW);
    place.write("no.flow.json", "{");
    let mut told = Vec::new();
    for file in [
        "faulty.flow.json",
        "right.flow.json",
        "no.flow.json",
        "absent.flow.json",
    ] {
        let ended = place.run(["flow", "check", file]);
        told.push(format!("$ ringback flow check {file}\n{}\n", ended.whole()));
    }
    hidden().bind(|| insta::assert_snapshot!("flow_check", told.concat()));
    let listed = place.run(["--format", "json", "flow", "check", "faulty.flow.json"]);
    let first: serde_json::Value =
        serde_json::from_str(listed.out.lines().next().unwrap()).unwrap();
    assert!(
        first["kind"].is_string() && first["message"].is_string(),
        "{first}"
    );
    let schema: serde_json::Value =
        serde_json::from_str(&place.run(["flow", "schema"]).held()).unwrap();
    assert!(schema["properties"]["nodes"].is_object(), "{schema}");
}

#[test]
fn a_flow_is_saved_published_taken_back_and_deleted() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let chat = ["desk", "chat"];
    let greeting = |shop: &Shop<'_>| shop.say(&chat, "where is my order\n").held();
    let first = greeting(&shop);
    let changed = super::shop::flow(&shop.url).replace("Which order is it?", "Which one?");
    place.write("changed.flow.json", &changed);
    place.write("faulty.flow.json", &faulty());
    shop.tell(&["flow", "save", "faulty.flow.json"]);
    shop.tell(&["flow", "save", "changed.flow.json"]);
    assert_eq!(greeting(&shop), first, "a draft is no business of users");
    shop.tell(&["flow", "publish", "order-status"]);
    assert!(greeting(&shop).starts_with("Which one?"));
    shop.tell(&["flow", "publish", "order-status", "--version", "2"]);
    assert_eq!(greeting(&shop), first);
    shop.tell(&["flow", "versions", "order-status"]);
    shop.tell(&["flow", "list"]);
    shop.tell(&["flow", "publish", "order-status", "--version", "9"]);
    shop.tell(&["flow", "unpublish", "order-status"]);
    shop.tell(&["flow", "show", "nothing"]);
    shop.tell(&["flow", "delete", "order-status", "--dry-run"]);
    let shown = shop
        .dev
        .ask(["flow", "show", "order-status", "--version", "3"]);
    assert_eq!(shown.err, "version 3; published: -\n");
    let document: serde_json::Value = serde_json::from_str(&shown.held()).unwrap();
    assert_eq!(
        document,
        serde_json::from_str::<serde_json::Value>(&changed).unwrap()
    );
    shop.tell(&["flow", "delete", "order-status"]);
    shop.tell(&["flow", "list"]);
    shop.matches("flow_versions");
}

#[test]
fn a_node_is_tried_without_a_conversation() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let call = |order: &'static str| ["flow", "call", "order-status", "node-api-1", "--set", order];
    shop.tell(&call("OrderID=12345"));
    shop.tell(&call("OrderID=50000"));
    shop.tell(&["flow", "call", "order-status", "node-end-1"]);
    shop.tell(&call("OrderID"));
    shop.matches("flow_call");
}

#[test]
fn a_flow_is_drawn_with_the_way_of_a_run() {
    let place = Place::new();
    let shop = Shop::open(&place);
    let svg = shop.dev.ask(["flow", "draw", "order-status"]).held();
    assert!(
        svg.starts_with("<svg") && svg.ends_with("</svg>\n"),
        "{svg}"
    );

    let id = conversation(&shop.say(&["desk", "chat"], "where is my order\n12345\n"));
    let run = shop.dev.json(["flow", "runs", &id])["id"].clone();
    let run = run.as_str().unwrap();
    let mermaid = ["flow", "draw", "order-status", "--mermaid"];
    let plain = shop.dev.ask(mermaid).held();
    assert!(plain.starts_with("flowchart"), "{plain}");
    let passed = shop
        .dev
        .ask(mermaid.into_iter().chain(["--run", run]))
        .held();
    assert!(
        passed.contains("is_passed") && !plain.contains("is_passed"),
        "{passed}"
    );

    let file = ["--run", run, "--output", "run.svg"];
    let written = shop
        .dev
        .ask(["flow", "draw", "order-status"].into_iter().chain(file));
    assert_eq!(written.err, "written to `run.svg`\n");
    assert_eq!(written.held(), "");
    let drawn = std::fs::read_to_string(place.path("run.svg")).unwrap();
    // The steps of the way have numbers.
    let numbered = r#"class="flow-step""#;
    assert!(drawn.contains(numbered) && !svg.contains(numbered));
}
