//! `ringback desk chat`, from a pipe.

use serde_json::Value;

use super::shop::{Shop, conversation};
use crate::support::{Ended, Place};

/// Each line of stdout as JSON.
fn objects(ended: Ended) -> Vec<Value> {
    let out = ended.held();
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_conversation_is_held_from_a_pipe() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let chat = &["desk", "chat"][..];
    shop.tell_with(chat, "where is my order\n12345\n");
    let traced = &["desk", "chat", "--trace"][..];
    shop.tell_with(traced, "where is my order\n99999\n1\n12345\n");
    shop.tell_with(traced, "where is my order\n50000\n\n/calls\n");
    shop.tell_with(
        &["desk", "chat", "--user", "user517", "--set", "Language=en"],
        "/run\n/calls\nwhere is my order\n12345\n/vars\n/calls\n/run\n/help\n/quit\nnobody reads this\n",
    );
    shop.tell_with(chat, "where is my order\n/close\nnobody reads this\n");
    shop.tell_with(chat, "//help\n/halp\n");
    shop.matches("desk_chat");
}

#[test]
fn a_program_reads_an_object_for_each_message_and_step() {
    let place = Place::new();
    let shop = Shop::open(&place);
    let chat = ["--format", "json", "desk", "chat", "--trace"];
    let all = objects(shop.say(&chat, "where is my order\n12345\n/vars\n/calls\n"));
    let of_event = |event: &'static str| all.iter().filter(move |it| it["event"] == event);
    let said: Vec<&str> = of_event("message")
        .filter_map(|it| it["text"].as_str())
        .collect();
    assert_eq!((said[0], said.len()), ("where is my order", 4));
    assert_eq!(said[3], "Order 12345 is shipped; it arrives tomorrow.");
    let nodes: Vec<&str> = of_event("step")
        .filter_map(|it| it["node"].as_str())
        .collect();
    let way = [
        "node-start-1",
        "node-collect-1",
        "node-api-1",
        "node-condition-1",
        "node-reply-eta",
        "node-end-1",
    ];
    assert_eq!(nodes, way);
    let [variables, call] = &all[all.len() - 2..] else {
        panic!("{all:?}")
    };
    assert_eq!(variables["session"]["OrderStatus"], "shipped");
    assert_eq!(variables["collected"]["OrderID"], "12345");
    assert_eq!(
        (&call["result"], &call["attempts"]),
        (&"ok".into(), &1.into())
    );
    assert_eq!(call["outputs"]["OrderEta"], "tomorrow");
    let delivery = call["delivery"].as_str().unwrap();
    assert_eq!(
        shop.dev.json(["log", "show", delivery])["state"],
        "delivered"
    );
}

#[test]
fn a_conversation_is_gone_on_with_until_it_is_closed() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let begun = shop.say(&["desk", "chat", "--trace"], "where is my order\n");
    let id = conversation(&begun);
    assert_eq!(
        begun.held(),
        "Which order is it? Its number is on the receipt.\n"
    );
    let on = ["desk", "chat", "--trace", "--conversation", &id];
    let gone_on = shop.say(&on, "12345\n");
    // The way until then was shown before.
    assert!(!gone_on.err.contains("node-start-1"), "{}", gone_on.whole());
    assert!(gone_on.err.contains("node-end-1"), "{}", gone_on.whole());
    assert_eq!(
        gone_on.held(),
        "Order 12345 is shipped; it arrives tomorrow.\n"
    );

    shop.dev.ask(["desk", "close", &id]).held();
    shop.tell_with(&on, "hello\n");
    shop.tell(&["desk", "say", &id, "hello"]);
    shop.tell_in_chinese(&["desk", "say", &id, "hello"]);
    shop.matches("desk_closed");
}

#[test]
fn a_draft_is_met_by_those_who_ask_for_it() {
    let place = Place::new();
    let shop = Shop::open(&place);
    shop.dev.ask(["flow", "unpublish", "order-status"]).held();
    let said = |arguments: &[&str]| shop.say(arguments, "where is my order\n").held();
    assert_eq!(
        said(&["desk", "chat"]),
        "Sorry, I did not understand that.\n"
    );
    let asked = "Which order is it? Its number is on the receipt.\n";
    assert_eq!(said(&["desk", "chat", "--draft"]), asked);
    // The one flow of a conversation runs whatever is said.
    let chat = ["desk", "chat", "--draft", "--flow", "order-status"];
    assert_eq!(shop.say(&chat, "hello\n").held(), asked);
}

#[test]
fn what_cannot_be_held_says_why() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let chat = ["desk", "chat"];
    let with = |more: &[&'static str]| [&chat[..], more].concat();
    shop.tell_with(&with(&["--flow", "nothing"]), "hello\n");
    shop.tell_with(&with(&["--app", "1499999999"]), "hello\n");
    shop.tell_with(&with(&["--set", "Language"]), "hello\n");
    shop.tell_with(&with(&["--conversation", "conv_0000000000001"]), "hello\n");
    shop.tell_with(&with(&["--url", "http://127.0.0.1:9", "--token", "x"]), "");
    let create = ["app", "create", "--platform", "desk", "--name", "Two"];
    shop.dev.ask(create).held();
    shop.tell_with(&chat, "hello\n");
    shop.dev.ask(["apply", "/dev/null", "--prune"]).held();
    shop.tell_with(&chat, "hello\n");
    shop.tell_in_chinese(&["flow", "list"]);
    shop.matches("desk_chat_refused");
}
