//! Conversations come in.

use serde_json::json;

use super::stage::{CORP, Stage};
use crate::support::{Ended, Place};

fn message(number: usize) -> String {
    let message = json!({
        "kind": "message",
        "msgid": format!("message{number}"),
        "sender": { "type": 1, "id": "woAAAAAAAAAAAAAAAA" },
        "receiver_list": [{ "type": 2, "id": "wmAAAAAAAAAAAAAAAA" }],
        "send_time": 1_700_000_000 + number,
        "msgtype": 1,
        "text": "x".repeat(200),
    });
    message.to_string() + "\n"
}

#[test]
fn an_import_goes_on_where_it_broke_off() {
    let place = Place::new();
    let mut stage = Stage::with_app(&place);
    let member = r#"{"kind":"member","userid":"woAAAAAAAAAAAAAAAA","edition_list":[1,2,3]}"#;
    // More than fits into one chunk, and a mistake in the last one.
    let right: String = (0..4_000).map(message).collect();
    let wrong = format!(
        "{member}\n{right}\n{{\"kind\":\"message\"}}\n{}",
        message(5_000)
    );
    place.write("conversations.ndjson", &wrong);
    stage.tell(&["archive", "import", "conversations.ndjson"]);
    stage.tell_in_chinese(&["archive", "import", "conversations.ndjson"]);
    let mended = wrong.replace("{\"kind\":\"message\"}\n", "");
    place.write("conversations.ndjson", &mended);
    stage.tell(&["archive", "import", "conversations.ndjson", "--corp", CORP]);
    stage.tell(&["archive", "import", "conversations.ndjson"]);
    stage.tell(&["archive", "import", "absent.ndjson"]);
    stage.matches("zone_import");

    let mut command = place.ringback(["archive", "import", "-", "--format", "json"]);
    let file = std::fs::File::open(place.path("conversations.ndjson")).unwrap();
    let piped = Ended::of(command.stdin(file).output().unwrap()).held();
    assert!(piped.contains(r#""duplicates":4001"#), "{piped}");
}

#[test]
fn conversations_are_made() {
    let place = Place::new();
    let mut stage = Stage::with_app(&place);
    let generate = [
        "archive",
        "generate",
        "--seed",
        "7",
        "--messages",
        "40",
        "--groups",
        "2",
    ];
    stage.tell(&generate);
    stage.tell(&["archive", "generate", "--messages", "1000000"]);
    stage
        .dev
        .ask(["corp", "create", "--corpid", "ww0000000000000001"])
        .held();
    stage.tell(&["archive", "generate", "--corp", "ww0000000000000001"]);
    stage.tell(&["archive", "generate", "--corp", "ww0000000000000002"]);
    stage.matches("zone_generate");
}
