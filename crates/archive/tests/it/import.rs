//! Import: whole or not at all, told by line and member, repeatable.

use ringback_archive::{Imported, Options};
use ringback_types::Coded as _;
use serde_json::{Value, json};

use crate::stage::{CORP, CUSTOMER, MEMBER, NOW, Stage, message, msgids, ndjson};

/// A good message with one member changed or, by `null`, taken away.
fn with(member: &str, value: Value) -> Value {
    let mut line = message("m", 60, "the secret plan");
    let members = line.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
    line
}

/// A message with something wrong, and what is said about it.
fn bad_messages() -> Vec<(Value, &'static str)> {
    let plain = "`msgid` must be 1 to 128 bytes without control characters";
    let party = |kind: i64, more: Value| {
        let mut party = json!({ "type": kind, "id": "x" });
        party["name"] = more;
        party
    };
    let cases = [
        ("kind", Value::Null, "`kind` is missing"),
        (
            "kind",
            json!("note"),
            "`kind` is none of the kinds that can be imported",
        ),
        ("text", Value::Null, "`text` is missing"),
        ("text", json!(["the secret plan"]), "`text` must be text"),
        ("txt", json!("the secret plan"), "`txt` is not known here"),
        (
            "transcript",
            json!("x"),
            "`transcript` is only of message types 6 and 21",
        ),
        (
            "call_duration",
            json!(3),
            "`call_duration` is only of message types 21 and 22",
        ),
        ("msgid", json!(""), plain),
        ("msgid", json!("a\u{0}"), plain),
        ("msgtype", json!(29), "`msgtype` must be 0 to 28"),
        ("msgtype", json!("1"), "`msgtype` must be a whole number"),
        (
            "send_time",
            json!(NOW * 1000),
            "`send_time` must be Unix seconds, at most a day ahead of now",
        ),
        ("sender", json!("x"), "`sender` must be an object"),
        (
            "sender",
            party(4, Value::Null),
            "`sender.type` must be 1 (member), 2 (external) or 3 (robot)",
        ),
        (
            "sender",
            party(1, json!("y")),
            "`sender.name` is not known here",
        ),
        (
            "receiver_list",
            json!([]),
            "`receiver_list` must have 1 to 2000 receivers",
        ),
        (
            "receiver_list",
            json!([{ "type": 1 }]),
            "`receiver_list[0].id` is missing",
        ),
    ];
    cases
        .into_iter()
        .map(|(member, value, said)| (with(member, value), said))
        .collect()
}

/// Another line with something wrong, and what is said about it.
fn bad_others() -> Vec<(Value, &'static str)> {
    vec![
        (
            json!({ "kind": "member", "userid": "wo1", "edition_list": [1, 4] }),
            "`edition_list` must be a list of 1, 2 and 3",
        ),
        (
            json!({ "kind": "customer", "external_userid": "wm1", "follower_list": ["a", 1] }),
            "`follower_list[1]` must be text",
        ),
        (
            json!({ "kind": "consent", "external_userid": "wm1", "agree_status": "Agree" }),
            "`userid` or `chatid` must be there, and not both",
        ),
        (
            json!({ "kind": "tag_group", "group_id": "g", "tag_list": [{ "tag_id": "t" }] }),
            "`tag_list[0].tag_name` is missing",
        ),
        (
            json!({ "kind": "knowledge", "kb_id": "kb1", "question": "q" }),
            "`answer` is missing",
        ),
    ]
}

#[tokio::test]
async fn a_bad_line_refuses_the_chunk_and_is_named_without_its_value() {
    let stage = Stage::new().await;
    for (line, said) in bad_messages().into_iter().chain(bad_others()) {
        let member = json!({ "kind": "member", "userid": "wo9" });
        let lines = ndjson(&[message("good", 60, "x"), member, line]);
        let import = stage.archive.import(CORP, lines.as_bytes());
        let error = import.await.unwrap_err();
        assert_eq!(error.to_string(), format!("line 3: {said}"));
        assert_eq!(error.code().as_str(), "archive.bad_member");
    }
    let lines = format!(
        "\n{}\n{{\"kind\": the secret plan\n",
        message("good", 60, "x")
    );
    let error = stage
        .archive
        .import(CORP, lines.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "line 3 is no JSON object (column 11)");
    let error = stage.archive.import(CORP, b"[]").await.unwrap_err();
    assert_eq!(error.to_string(), "line 1 is no JSON object");

    assert_eq!(
        msgids(&stage.sync(json!({})).await),
        [""; 0],
        "nothing of a refused chunk is there"
    );
    assert_eq!(stage.archive.next_notice(), None);
    let users = stage.archive.auth_users(CORP, None, None).await.unwrap();
    assert_eq!(users.auth_user_list.len(), 1);
}

#[tokio::test]
async fn a_chunk_and_its_lines_are_bounded() {
    let stage = Stage::with(Options {
        chunk_bytes: 4096,
        line_bytes: 1024,
        ..Options::default()
    })
    .await;
    let error = stage
        .archive
        .import(CORP, &vec![b' '; 4097])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the chunk has 4097 bytes, more than the 4096 that one may have"
    );
    let lines = ndjson(&[message("m", 60, "x"), message("n", 60, &"x".repeat(1024))]);
    let error = stage
        .archive
        .import(CORP, lines.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "line 2 is longer than 1024 bytes");
    assert_eq!(
        stage.archive.import(CORP, b"\n \n").await.unwrap(),
        Imported::default()
    );
}

#[tokio::test]
async fn a_repeated_import_counts_duplicates_and_changes_no_message() {
    let stage = Stage::new().await;
    let lines = [
        message("m1", 60, "first"),
        message("m1", 60, "twice in a chunk"),
        message("m2", 50, "second"),
        json!({ "kind": "member", "userid": MEMBER, "name": "Lin" }),
        json!({ "kind": "customer", "external_userid": CUSTOMER }),
        json!({ "kind": "chat", "chatid": "wr1", "creator": MEMBER, "room_create_time": NOW, "members": [{ "memberid": MEMBER, "jointime": NOW, "type": 1 }] }),
        json!({ "kind": "consent", "chatid": "wr1", "external_userid": CUSTOMER, "agree_status": "Disagree", "status_change_time": NOW }),
        json!({ "kind": "tag_group", "group_id": "g1", "group_name": "Stage", "tag_list": [] }),
        json!({ "kind": "knowledge_base", "kb_id": "kb1", "kb_name": "Manual" }),
        json!({ "kind": "knowledge", "kb_id": "kb1", "text": "a passage" }),
    ];
    let first = Imported {
        messages: 2,
        duplicates: 1,
        members: 1,
        customers: 1,
        chats: 1,
        consents: 1,
        tag_groups: 1,
        knowledge_bases: 1,
        knowledge: 1,
    };
    assert_eq!(stage.imported(&lines).await, first);
    let before = stage.sync(json!({})).await["msg_list"].clone();
    assert_eq!(
        stage.imported(&lines).await,
        Imported {
            messages: 0,
            duplicates: 3,
            ..first
        }
    );
    assert_eq!(stage.sync(json!({})).await["msg_list"], before, "keys too");

    // The same lines at the same time: each message is counted once as new.
    let many: Vec<_> = (0..100)
        .map(|number| message(&format!("n{number}"), number, "x"))
        .collect();
    let lines = ndjson(&many);
    let import = || stage.archive.import(CORP, lines.as_bytes());
    let (one, other) = tokio::join!(import(), import());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(
        (
            one.messages + other.messages,
            one.duplicates + other.duplicates
        ),
        (100, 100)
    );

    let mut nameless = message("", 1, "made up here");
    nameless.as_object_mut().unwrap().remove("msgid");
    assert_eq!(
        stage.imported(&[nameless.clone(), nameless]).await.messages,
        2
    );
}
