//! `ringback apply` for Desk apps and flows.

use super::shop::{FLOW, Shop, hidden};
use crate::support::{Ended, Place};

const WANTED: &str = r#"
[desk.app.1400000000]
name = "Shop"
token = "env:DESK_TOKEN"
urls.flow-events = "http://127.0.0.1:9/notifications"
urls.assign = ""
settings.idle_seconds = 600

[desk.app.1400000001]
token = "env:DESK_TOKEN"
urls.assign = "http://127.0.0.1:9"
urls.webhook = ""

[desk.flow."1400000000/order-status"]
file = "flows/order-status.flow.json"
published = true

[desk.flow."1400000001/order-status"]
file = "flows/order-status.flow.json"
"#;

#[test]
fn desk_is_brought_to_what_a_file_says() {
    let place = Place::new();
    let shop = Shop::open(&place);
    std::fs::create_dir(place.path("flows")).unwrap();
    place.write(
        "flows/order-status.flow.json",
        &super::shop::flow(&shop.url),
    );
    let mut told = Vec::new();
    let mut tell = |title: &str, toml: &str, more: &[&str]| {
        place.write("desk.toml", toml);
        let arguments = [&["apply", "desk.toml"], more].concat();
        let mut command = place.ringback(arguments.iter().copied());
        let ended = Ended::of(command.env("DESK_TOKEN", "token-of-desk").output().unwrap());
        assert_eq!(ended.status, Some(0), "{}", ended.whole());
        told.push(format!("# {title}\n{}{}\n", ended.out, ended.err));
    };
    tell("dry run", WANTED, &["--dry-run"]);
    assert_eq!(
        shop.dev.json(["app", "list", "--platform", "desk"])["name"],
        "Ringback dev"
    );
    tell("apply", WANTED, &[]);
    tell("again", WANTED, &[]);
    let token = shop.dev.json(["app", "credentials", "1400000001"])["token"].clone();
    assert_eq!(token, "token-of-desk");

    let flow = super::shop::flow(&shop.url)
        .replace("\"node-reply-bye\"", "\"node-reply-leave\"")
        .replace("Come back any time", "See you");
    place.write("flows/order-status.flow.json", &flow);
    let changed = WANTED
        .replace("600", "700")
        .replace("urls.assign = \"\"", "urls.flow-events = \"\"")
        .replacen(
            "urls.flow-events = \"http://127.0.0.1:9/notifications\"\n",
            "",
            1,
        );
    tell("changed", &changed, &[]);
    tell("again", &changed, &[]);
    let taken_back = changed.replace("published = true", "published = false");
    tell("taken back", &taken_back, &[]);
    tell("published again", &changed, &[]);
    tell("prune flows", "[desk.app.1400000000]", &["--prune"]);
    tell("prune", "", &["--prune"]);
    hidden().bind(|| insta::assert_snapshot!("desk_apply", told.concat()));
}

#[test]
fn what_cannot_be_of_desk_is_refused_before_anything_changes() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    place.write("order-status.flow.json", FLOW);
    let faulty = FLOW.replace("\"next\": \"node-api-1\"", "\"next\": \"node-nowhere\"");
    place.write("faulty.flow.json", &faulty);
    let flow = "[desk.flow.\"1400000000/order-status\"]\n";
    let file = "file = \"order-status.flow.json\"";
    for toml in [
        "[desk.app.shop]",
        "[desk.app.1400000000]\nurls.everything = \"http://127.0.0.1\"",
        "[desk.app.1400000000]\nurls.assign = \"ftp://127.0.0.1\"",
        "[desk.app.1400000000]\nsettings.idle = 1",
        "[desk.app.1400000000]\ntoken = \"secret-itself\"",
        flow,
        &format!("{flow}file = \"absent.flow.json\""),
        &format!("{flow}file = \"faulty.flow.json\""),
        &format!("[desk.flow.\"1400000000/other\"]\n{file}"),
        &format!("[desk.flow.order-status]\n{file}"),
        &format!("[desk.flow.\"1499999999/order-status\"]\n{file}"),
    ] {
        place.write("wrong.toml", toml);
        shop.tell(&["apply", "wrong.toml", "--dry-run"]);
    }
    // An app that a flow is in stays.
    place.write("wrong.toml", &format!("{flow}{file}"));
    shop.tell(&["apply", "wrong.toml", "--prune", "--dry-run"]);
    shop.matches("desk_apply_refused");
}
