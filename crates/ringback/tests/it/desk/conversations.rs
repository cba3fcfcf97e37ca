//! Conversations, looked at from outside.

use super::shop::{Shop, conversation};
use crate::support::Place;

#[test]
fn conversations_are_listed_shown_watched_and_closed() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let id = conversation(&shop.say(&["desk", "chat"], "where is my order\n99999\n"));
    shop.tell(&["desk", "say", &id, "Talk to a person"]);
    shop.tell(&["desk", "list"]);
    shop.tell(&["desk", "list", "--before", &id]);
    shop.tell(&["desk", "show", &id]);
    shop.tell(&["flow", "runs", &id]);
    shop.tell(&["desk", "close", &id]);
    // The live view of a conversation that is closed ends with that.
    shop.tell(&["desk", "watch", &id]);
    shop.matches("desk_conversations");

    let whole = shop.dev.json(["desk", "show", &id]);
    assert_eq!(whole["conversation"]["state"], "closed");
    assert_eq!(whole["messages"][0]["text"], "where is my order");
    assert_eq!(whole["runs"][0]["ending"], "transferred");
    let lines = shop.dev.json(["desk", "watch", &id]);
    let events: Vec<&str> = (lines.as_array().unwrap().iter())
        .filter_map(|line| line["event"].as_str())
        .collect();
    assert_eq!(
        (events.first(), events.last()),
        (Some(&"message"), Some(&"state"))
    );
}
