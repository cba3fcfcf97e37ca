//! `sync_msg`: what is listed, in which order, and what is refused.

use serde_json::json;

use crate::stage::{CUSTOMER, MEMBER, NOW, Stage, message};

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
        .sync(json!({ "limit": 0, "cursor": "", "token": "" }))
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
