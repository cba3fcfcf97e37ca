//! `sync_msg`: what is listed, in which order, and what is refused.

use std::collections::HashSet;
use std::time::Duration;

use ringback_archive::{Options, Owner, TokenKind};
use ringback_types::Random;
use serde_json::{Value, json};

use crate::stage::{CORP, CUSTOMER, DAY, MEMBER, NOW, Stage, message, msgids, owner};

#[tokio::test]
async fn a_message_is_listed_as_the_platform_lists_it() {
    let stage = Stage::new().await;
    let group = json!({
        "kind": "message", "msgid": "m2", "send_time": NOW - 10, "msgtype": 21, "call_duration": 61,
        "sender": { "type": 1, "id": MEMBER }, "chatid": "wrGroup01",
        "receiver_list": [{ "type": 1, "id": MEMBER }, { "type": 2, "id": CUSTOMER }],
        "transcript": "…",
    });
    let imported = stage.imported(&[group, message("m1", 60, "hello")]).await;
    assert_eq!((imported.messages, imported.duplicates), (2, 0));

    let mut answer = stage
        .sync(json!({ "limit": 0, "cursor": "", "token": "", "more": 1 }))
        .await;
    assert!(answer["next_cursor"].as_str().unwrap().len() <= 128);
    answer["next_cursor"] = "…".into();
    for item in answer["msg_list"].as_array_mut().unwrap() {
        let key = &mut item["service_encrypt_info"]["encrypted_secret_key"];
        let secret = stage.keys.decrypt(key.as_str().unwrap());
        assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_graphic()));
        *key = "…".into();
    }
    let key = json!({ "encrypted_secret_key": "…", "public_key_ver": 1 });
    let (member, customer) = (
        json!({ "type": 1, "id": MEMBER }),
        json!({ "type": 2, "id": CUSTOMER }),
    );
    assert_eq!(
        answer,
        json!({
            "errcode": 0, "errmsg": "ok", "has_more": 0, "next_cursor": "…",
            "msg_list": [
                {
                    "msgid": "m1", "send_time": NOW - 60, "msgtype": 1,
                    "sender": customer, "receiver_list": [member], "service_encrypt_info": key,
                },
                {
                    "msgid": "m2", "send_time": NOW - 10, "msgtype": 21, "chatid": "wrGroup01",
                    "sender": member, "receiver_list": [customer], "service_encrypt_info": key,
                    "extra_info": { "call_duration": 61 },
                },
            ],
        })
    );
}

#[tokio::test]
async fn the_window_moves_and_begin_time_starts_inside_it() {
    let stage = Stage::new().await;
    let ages = [6 * DAY, 5 * DAY, 4 * DAY, 2 * DAY, 60];
    let lines: Vec<_> = ages
        .iter()
        .map(|ago| message(&format!("{ago}s"), *ago, "x"))
        .collect();
    stage.imported(&lines).await;
    assert_eq!(
        msgids(&stage.sync(json!({})).await),
        ["432000s", "345600s", "172800s", "60s"]
    );
    let since = |time: i64| json!({ "begin_time": time });
    assert_eq!(
        msgids(&stage.sync(since(NOW - 2 * DAY)).await),
        ["172800s", "60s"]
    );
    assert_eq!(msgids(&stage.sync(since(NOW - 9 * DAY)).await).len(), 4);
    assert_eq!(msgids(&stage.sync(since(NOW + DAY)).await), [""; 0]);

    let first = stage.sync(json!({ "limit": 1 })).await;
    stage.advance(2 * DAY);
    let cursor = &first["next_cursor"];
    let next = stage
        .sync(json!({ "cursor": cursor, "begin_time": NOW }))
        .await;
    assert_eq!(
        msgids(&next),
        ["172800s", "60s"],
        "the cursor counts, and what is too old is passed"
    );
    assert_eq!(next["has_more"], 0);
}

#[tokio::test]
async fn whatever_arrives_late_comes_with_a_later_page_and_nothing_twice() {
    let stage = Stage::with(Options {
        calls_without_token: u32::MAX,
        ..Options::default()
    })
    .await;
    let random = Random::seeded(11);
    let below = |end: u64| u64::from_le_bytes(random.bytes()) % end;
    let (mut made, mut seen, mut cursor) = (0_usize, HashSet::new(), String::new());
    for round in 0..60 {
        let lines: Vec<_> = (0..below(12))
            .map(|number| {
                let ago = below(4 * DAY as u64) as i64;
                message(&format!("{round}-{number}"), ago, "x")
            })
            .collect();
        made += lines.len();
        stage.imported(&lines).await;
        if below(10) == 0 {
            let pruned = stage.archive.prune(stage.now()).await.unwrap();
            assert_eq!(pruned.messages, 0);
        }
        for _ in 0..below(4) {
            let limit = 1 + below(5);
            let answer = stage
                .sync(json!({ "cursor": cursor, "limit": limit }))
                .await;
            assert!(take(&answer, &mut seen) <= limit as usize);
            answer["next_cursor"]
                .as_str()
                .unwrap()
                .clone_into(&mut cursor);
        }
    }
    loop {
        let answer = stage.sync(json!({ "cursor": cursor, "limit": 7 })).await;
        take(&answer, &mut seen);
        answer["next_cursor"]
            .as_str()
            .unwrap()
            .clone_into(&mut cursor);
        if answer["has_more"] == 0 {
            break;
        }
    }
    assert_eq!(seen.len(), made);

    // Another one who begins now gets all of it in one ascending list.
    let all = stage.sync(json!({ "limit": 1000 })).await;
    assert_eq!(take(&all, &mut HashSet::new()), made);
}

/// Notes the messages of a page, which ascend; how many there are.
fn take(answer: &Value, seen: &mut HashSet<String>) -> usize {
    let list = answer["msg_list"].as_array().unwrap();
    let times: Vec<_> = list
        .iter()
        .map(|item| item["send_time"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted());
    for msgid in msgids(answer) {
        assert!(seen.insert(msgid.to_owned()), "{msgid} came twice");
    }
    list.len()
}

#[tokio::test]
async fn a_cursor_outlives_a_restart_the_window_and_pruning() {
    let stage = Stage::new().await;
    stage
        .imported(&[message("m1", 60, "x"), message("m2", 50, "x")])
        .await;
    let first = stage.sync(json!({ "limit": 1 })).await;
    let end = stage.sync(json!({ "cursor": first["next_cursor"] })).await;
    assert_eq!(msgids(&end), ["m2"]);

    let stage = stage.restart().await;
    stage.advance(100 * DAY);
    assert_eq!(stage.archive.prune(stage.now()).await.unwrap().messages, 2);
    let mut late = message("m3", 0, "x");
    late["send_time"] = json!(NOW + 99 * DAY);
    stage.imported(&[late]).await;
    for old in [&first, &end] {
        let answer = stage.sync(json!({ "cursor": old["next_cursor"] })).await;
        assert_eq!(msgids(&answer), ["m3"]);
    }
}

#[tokio::test]
async fn tickets_are_unknown_to_anyone_else() {
    let stage = Stage::new().await;
    stage.imported(&[message("m1", 60, "x")]).await;
    let token = stage.archive.issue_token(&owner(), TokenKind::NewMessage);
    assert!(token.len() <= 128);
    let cursor = stage.sync(json!({})).await["next_cursor"].clone();
    stage
        .archive
        .set_public_key("t", "wwother", &stage.keys.public_pem, 1)
        .await
        .unwrap();
    let others = [
        Owner {
            corp: "wwother".to_owned(),
            ..owner()
        },
        Owner {
            agentid: 1,
            ..owner()
        },
        Owner {
            program: "prog2".to_owned(),
            ..owner()
        },
    ];
    for other in others {
        let answer = stage.sync_as(&other, json!({ "cursor": cursor })).await;
        assert_eq!(answer["errcode"], 710_611, "{other:?}");
        let answer = stage.sync_as(&other, json!({ "token": token })).await;
        assert_eq!(answer["errcode"], 40058, "{other:?}");
    }
    let keyword = stage.archive.issue_token(&owner(), TokenKind::HitKeyword);
    let text = cursor.as_str().unwrap();
    let swapped = format!("{}{}", &text[1..], &text[..1]);
    let cases = [
        (json!({ "cursor": token }), 710_611),
        (json!({ "cursor": swapped }), 710_611),
        (json!({ "cursor": "x".repeat(129) }), 710_611),
        (json!({ "token": keyword }), 40058),
        (json!({ "token": cursor }), 40058),
        (json!({ "token": "x".repeat(129) }), 40058),
        (json!({ "token": token, "cursor": cursor }), 0),
    ];
    for (request, code) in cases {
        assert_eq!(
            stage.sync(request.clone()).await["errcode"],
            code,
            "{request}"
        );
    }
    stage.advance(600);
    let stage = stage.restart().await;
    assert_eq!(
        stage.sync(json!({ "token": token })).await["errcode"],
        40058,
        "over after ten minutes"
    );
    assert_eq!(stage.sync(json!({ "cursor": cursor })).await["errcode"], 0);
}

#[tokio::test]
async fn a_request_of_the_wrong_shape_is_told_so() {
    let stage = Stage::new().await;
    let wrong = "Warning: wrong json format.";
    for request in [
        "",
        "[]",
        "{",
        r#"{"limit":"5"}"#,
        r#"{"limit":1.5}"#,
        r#"{"cursor":1}"#,
        r#"{"token":{}}"#,
        r#"{"mode":true}"#,
        r#"{"begin_time":"x"}"#,
    ] {
        let error = stage.archive.sync_msg(&owner(), request).await.unwrap_err();
        assert_eq!(error.errcode, 40058, "{request}");
        assert!(error.errmsg.contains(wrong), "{request}: {}", error.errmsg);
    }
    for request in [
        json!({ "limit": 1001 }),
        json!({ "limit": -1 }),
        json!({ "mode": 3 }),
    ] {
        let answer = stage.sync(request.clone()).await;
        assert_eq!(answer["errcode"], 40058, "{request}");
        assert!(
            !answer["errmsg"].as_str().unwrap().contains(wrong),
            "{request}"
        );
    }
    for request in [json!({ "limit": 1000 }), json!({ "cursor": null })] {
        assert_eq!(stage.sync(request.clone()).await["errcode"], 0, "{request}");
    }
}

#[tokio::test]
async fn without_a_token_a_corp_may_call_only_so_often_a_minute() {
    let stage = Stage::with(Options {
        calls_without_token: 2,
        ..Options::default()
    })
    .await;
    let other = Owner {
        agentid: 7,
        program: "prog2".to_owned(),
        ..owner()
    };
    assert_eq!(stage.sync(json!({})).await["errcode"], 0);
    assert_eq!(stage.sync_as(&other, json!({})).await["errcode"], 0);
    assert_eq!(stage.sync(json!({})).await["errcode"], 45009);
    let token = stage.archive.issue_token(&owner(), TokenKind::NewMessage);
    assert_eq!(stage.sync(json!({ "token": token })).await["errcode"], 0);
    stage.advance(60);
    assert_eq!(stage.sync(json!({})).await["errcode"], 0);
}

#[tokio::test]
async fn an_answer_that_would_be_too_large_asks_for_a_lower_limit() {
    let stage = Stage::with(Options {
        answer_bytes: 4096,
        ..Options::default()
    })
    .await;
    let lines: Vec<_> = (0..20)
        .map(|number| message(&format!("m{number}"), 60, "x"))
        .collect();
    stage.imported(&lines).await;
    assert_eq!(stage.sync(json!({ "limit": 20 })).await["errcode"], 301_058);
    assert_eq!(msgids(&stage.sync(json!({ "limit": 5 })).await).len(), 5);
}

#[tokio::test]
async fn retention_takes_messages_whose_life_is_over() {
    let options = Options {
        message_life: Duration::from_hours(48),
        ..Options::default()
    };
    let stage = Stage::with(options).await;
    let lines: Vec<_> = (0..250)
        .map(|number| message(&format!("m{number}"), 3 * DAY, "x"))
        .collect();
    stage.imported(&lines).await;
    stage.imported(&[message("young", DAY, "x")]).await;
    assert_eq!(
        stage.archive.prune(stage.now()).await.unwrap().messages,
        250
    );
    assert_eq!(msgids(&stage.sync(json!({})).await), ["young"]);
    let none = stage.archive.prune(stage.now()).await.unwrap();
    assert_eq!(
        (none.messages, stage.archive.public_key_version(CORP)),
        (0, Some(1))
    );
}
