//! Desk apps: made, changed, given URLs, and their callbacks made on purpose.

use std::sync::mpsc;

use serde_json::Value;

use super::shop::Shop;
use crate::receiver;
use crate::support::Place;

/// A business that acknowledges everything, and takes over for whoever asks for a person.
fn business() -> (String, mpsc::Receiver<Value>) {
    let (sender, received) = mpsc::channel();
    let url = receiver::serve(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let human = body["CallbackCommand"] == "ChatBot.OnAssignHuman";
        // The test may have ended before the last of it comes.
        let _ = sender.send(body);
        let mut answer = String::from(r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"""#);
        if human {
            answer.push_str(r#","AgentIdList":["li@example.com"]"#);
        }
        receiver::json(&(answer + "}"))
    });
    (url, received)
}

#[test]
fn an_app_is_made_changed_and_deleted() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let create = [
        "app",
        "create",
        "--platform",
        "desk",
        "--sdkappid",
        "1400000001",
        "--name",
        "Two",
    ];
    let settings = ["--set", "language=en", "--callback-token", "token-of-two"];
    shop.tell(&[&create[..], &settings].concat());
    shop.tell(&create);
    shop.tell(&["app", "list", "--platform", "desk"]);
    shop.tell(&["app", "credentials", "1400000001"]);
    let set = |more: &[&'static str]| [&["app", "set", "1400000001"], more].concat();
    shop.dev
        .ask(set(&[
            "--name",
            "2",
            "--set",
            "texts.no_match=Pardon?",
            "--callback-token",
            "",
        ]))
        .held();
    let changed = shop.dev.json(["app", "show", "1400000001"]);
    assert_eq!(
        (&changed["name"], &changed["signed"]),
        (&"2".into(), &false.into())
    );
    let settings = &changed["settings"];
    assert_eq!(settings["texts"]["no_match"], "Pardon?");
    assert_eq!(settings["language"], "en", "what is left out stays");
    shop.dev.ask(["app", "rotate", "1400000001"]).held();
    let made = shop.dev.json(["app", "credentials", "1400000001"])["token"].clone();
    assert_eq!(made.as_str().map(str::len), Some(32));
    shop.tell(&["app", "delete", "1400000001"]);
    shop.tell(&["app", "show", "1400000001"]);
    shop.matches("desk_apps");
}

#[test]
fn what_an_app_cannot_be_is_refused() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let set = |more: &[&'static str]| [&["app", "set", "1400000000"], more].concat();
    shop.tell(&set(&[]));
    shop.tell(&set(&["--set", "idle_seconds=-1"]));
    shop.tell(&set(&["--set", "idle_seconds=99999999"]));
    shop.tell(&set(&["--set", "language"]));
    shop.tell(&set(&["--enabled", "false"]));
    shop.tell(&["app", "set", "--platform", "wecom", "--set", "language=en"]);
    shop.tell(&["app", "create", "--callback-token", "x"]);
    shop.tell(&["app", "rotate", "1400000000", "--secret", "model_key"]);
    shop.tell(&["app", "rotate", "1400000000", "--secret", "encrypt_key"]);
    shop.matches("desk_apps_refused");
}

#[test]
fn callbacks_are_made_for_the_urls_that_there_are() {
    let place = Place::new();
    let mut shop = Shop::open(&place);
    let (url, received) = business();
    let trigger = |more: &[&'static str]| [&["trigger", "desk"], more].concat();
    let message = "Bot.OnC2CMessage";
    shop.tell(&trigger(&["--list"]));
    shop.tell(&trigger(&[message]));
    let set = shop.dev.json(["app", "set-url", "webhook", &url]);
    assert_eq!(set["urls"]["webhook"], url);
    let set = shop.dev.json(["app", "set-url", "assign", &url]);
    assert_eq!(set["urls"].as_object().unwrap().len(), 2, "{set}");

    let text = "MsgBody.0.MsgContent.Text=Hello, shop";
    shop.tell(&trigger(&[message, "--count", "2", "--set", text]));
    for _ in 0..2 {
        let body = received.recv().unwrap();
        assert_eq!(body["CallbackCommand"], message);
        assert_eq!(body["MsgBody"][0]["MsgContent"]["Text"], "Hello, shop");
    }
    place.write(
        "body.json",
        r#"{"CallbackCommand":"Bot.OnC2CMessage","own":true}"#,
    );
    shop.dev
        .ask(trigger(&[message, "--file", "body.json"]))
        .held();
    assert_eq!(received.recv().unwrap()["own"], true);
    let answered = shop.dev.json(trigger(&["ChatBot.OnAssignHuman"]));
    assert_eq!(answered["answer"]["AgentIdList"][0], "li@example.com");

    shop.tell(&trigger(&["ChatBot.OnAssignHuman", "--count", "2"]));
    shop.tell(&trigger(&["Chatbot.Nonsense"]));
    shop.tell(&trigger(&[message, "--force"]));
    shop.tell(&trigger(&[message, "--set", "MsgBody..x=1"]));
    shop.tell(&["app", "set-url", "webhook", "ftp://127.0.0.1"]);
    shop.tell(&["app", "set-url", "everything", "http://127.0.0.1"]);
    let cleared = shop.dev.json(["app", "clear-url", "webhook"]);
    assert_eq!(cleared["urls"].as_object().unwrap().len(), 1, "{cleared}");
    shop.matches("desk_trigger");
}
