//! Placeholders from real messages.

use std::collections::HashMap;

use ringback_archive::{FailMsg, MsgKey, MsgRef, Options, duplicates};
use serde_json::{Value, json};

use crate::stage::{CORP, CUSTOMER, MEMBER, NOW, Stage};

fn said(msgid: &str, ago: i64, msgtype: u8, sender: (u8, &str), member: &str, text: &str) -> Value {
    let mut line = json!({
        "kind": "message", "msgid": msgid, "send_time": NOW - ago, "msgtype": msgtype,
        "sender": { "type": sender.0, "id": sender.1 },
        "receiver_list": [{ "type": 1, "id": "wo9" }, { "type": 1, "id": MEMBER }],
    });
    if !text.is_empty() {
        line[member] = text.into();
    }
    line
}

/// What an app does: decrypts every key.
async fn refs(stage: &Stage) -> HashMap<String, MsgRef> {
    let answer = stage.sync(json!({ "limit": 1000 })).await;
    let list = answer["msg_list"].as_array().unwrap();
    list.iter()
        .map(|item| {
            let msgid = item["msgid"].as_str().unwrap();
            let key = &item["service_encrypt_info"]["encrypted_secret_key"];
            (
                msgid.to_owned(),
                msg_ref(msgid, &stage.keys.decrypt(key.as_str().unwrap())),
            )
        })
        .collect()
}

fn msg_ref(msgid: &str, secret_key: &str) -> MsgRef {
    MsgRef {
        msgid: msgid.to_owned(),
        encrypt_info: MsgKey {
            secret_key: secret_key.into(),
        },
    }
}

fn codes(fail_list: &[FailMsg]) -> Vec<(&str, i32)> {
    fail_list
        .iter()
        .map(|fail| (fail.msgid.as_str(), fail.errcode))
        .collect()
}

#[tokio::test]
async fn messages_are_told_in_the_order_of_send_time() {
    let stage = Stage::new().await;
    let (customer, member) = ((2, CUSTOMER), (1, MEMBER));
    stage
        .imported(&[
            said("m1", 90, 1, customer, "text", "你好"),
            said("m2", 80, 1, member, "text", "您好，\n请讲"),
            said("m3", 70, 6, customer, "transcript", "I said this"),
            said("m4", 60, 21, (1, "wo9"), "transcript", "from a call"),
            said("m5", 50, 2, customer, "", ""),
            said("m6", 40, 6, customer, "", ""),
        ])
        .await;
    let known = refs(&stage).await;
    let mut asked: Vec<_> = ["m4", "m3", "m2", "m1", "m5", "m6", "m1"]
        .map(|id| known[id].clone())
        .to_vec();
    asked.push(msg_ref("m7", "whatever"));
    asked.push(MsgRef {
        msgid: "m3".to_owned(),
        ..known["m1"].clone()
    });

    let rendered = stage.archive.render(CORP, &asked).await.unwrap();
    assert_eq!(
        rendered.chat,
        "A说：你好\nB说：您好， 请讲\nA说：I said this\nC说：from a call"
    );
    assert_eq!(
        rendered.chatcontent,
        "你好\n您好， 请讲\nI said this\nfrom a call"
    );
    let failed = [
        ("m1", 710_613),
        ("m3", 710_613),
        ("m5", 710_602),
        ("m6", 710_700),
        ("m7", 710_601),
    ];
    assert_eq!(codes(&rendered.fail_list), failed);
    assert_eq!(codes(&duplicates(&asked)), failed[..2]);
    assert!(!format!("{rendered:?}").contains("你好"), "never prints");

    let wrong = [
        msg_ref("m1", "wrong"),
        MsgRef {
            msgid: "m2".to_owned(),
            ..known["m1"].clone()
        },
    ];
    let rendered = stage.archive.render(CORP, &wrong).await.unwrap();
    assert_eq!(
        codes(&rendered.fail_list),
        [("m1", 710_605), ("m2", 710_605)]
    );
    assert_eq!(
        (rendered.chat.as_str(), rendered.chatcontent.as_str()),
        ("", "")
    );
}

#[tokio::test]
async fn only_messages_of_the_corp_and_in_scope_are_opened() {
    let stage = Stage::new().await;
    stage
        .imported(&[said("m1", 90, 1, (2, CUSTOMER), "text", "x")])
        .await;
    let asked = [refs(&stage).await["m1"].clone()];
    stage
        .archive
        .set_public_key("t", "wwother", &stage.keys.public_pem, 1)
        .await
        .unwrap();
    for corp in ["wwother", "wwnobody"] {
        let rendered = stage.archive.render(corp, &asked).await.unwrap();
        assert_eq!(codes(&rendered.fail_list), [("m1", 710_601)]);
    }
    stage
        .imported(&[json!({ "kind": "member", "userid": MEMBER, "edition_list": [] })])
        .await;
    let rendered = stage.archive.render(CORP, &asked).await.unwrap();
    assert_eq!(codes(&rendered.fail_list), [("m1", 710_601)]);
}

#[tokio::test]
async fn a_task_has_a_thousand_messages_and_so_much_text() {
    let stage = Stage::with(Options {
        rendered_bytes: 4000,
        ..Options::default()
    })
    .await;
    let lines: Vec<_> = (0..100_i64)
        .map(|number| {
            said(
                &format!("m{number}"),
                900 - number,
                1,
                (1, &format!("wo{number}")),
                "text",
                &"x".repeat(20),
            )
        })
        .collect();
    stage.imported(&lines).await;
    let known = refs(&stage).await;
    let asked: Vec<_> = (0..100)
        .map(|number| known[&format!("m{number}")].clone())
        .collect();
    let rendered = stage.archive.render(CORP, &asked).await.unwrap();
    let speakers: Vec<_> = rendered
        .chat
        .lines()
        .map(|line| line.split_once('说').unwrap().0)
        .collect();
    assert_eq!(
        (speakers[25], speakers[26], speakers[51], speakers[52]),
        ("Z", "AA", "AZ", "BA")
    );

    let more = Stage::with(Options {
        rendered_bytes: 100,
        ..Options::default()
    })
    .await;
    more.imported(&lines).await;
    let known = refs(&more).await;
    let asked: Vec<_> = known.into_values().collect();
    assert_eq!(
        more.archive.render(CORP, &asked).await.unwrap_err().errcode,
        790_040
    );
    let many: Vec<_> = (0..1001)
        .map(|number| msg_ref(&number.to_string(), "x"))
        .collect();
    assert_eq!(
        stage.archive.render(CORP, &many).await.unwrap_err().errcode,
        710_623
    );
}
